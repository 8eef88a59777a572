package sonde

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// option is one of OSProfiler's options, or one of Sonde's own.
type option struct {
	group, name string
	set         func(c *Config, value string) error // nil: OSProfiler's alone, nothing here depends on it
}

// optionTable has all options of the groups that are read.
var optionTable = []option{
	{"profiler", "enabled", func(c *Config, v string) error { return setBool(&c.Enabled, v) }},
	{"profiler", "hmac_keys", func(c *Config, v string) error { c.HMACKeys = v; return nil }},
	{"profiler", "connection_string", func(c *Config, v string) error { c.ConnectionString = v; return nil }},
	{"profiler", "filter_error_trace", func(c *Config, v string) error { return setBool(&c.Options.FilterErrorTrace, v) }},
	{"profiler", "socket_timeout", func(c *Config, v string) error { return setSeconds(&c.Options.SocketTimeout, v) }},
	{"profiler", "sentinel_service_name", func(c *Config, v string) error { c.Options.SentinelServiceName = v; return nil }},
	{"profiler", "es_doc_type", func(c *Config, v string) error { c.Options.ESDocType = v; return nil }},
	{"profiler", "es_scroll_time", func(c *Config, v string) error { return setScrollTime(&c.Options.ESScrollTime, v) }},
	{"profiler", "es_scroll_size", func(c *Config, v string) error { return setCount(&c.Options.ESScrollSize, v) }},
	{"profiler_otlp", "service_name_prefix", func(c *Config, v string) error { c.Options.OTLPServiceNamePrefix = v; return nil }},
	{"profiler", "trace_sqlalchemy", nil},
	{"profiler", "trace_requests", nil},
	{"profiler", "trace_management_api", nil},
	{"profiler", "trace_wsgi_transport", nil},

	{"sonde", "service", func(c *Config, v string) error { c.Service = v; return nil }},
	{"sonde", "project", func(c *Config, v string) error { c.Project = v; return nil }},
	{"sonde", "host", func(c *Config, v string) error { c.Host = v; return nil }},
	{"sonde", "allow_default_key", func(c *Config, v string) error { return setBool(&c.AllowDefaultKey, v) }},
	{"sonde", "transport_url", func(c *Config, v string) error { c.Options.TransportURL = v; return nil }},
	{"sonde", "idle_timeout", func(c *Config, v string) error { return setSeconds(&c.Options.IdleTimeout, v) }},
	{"sonde", "connect_timeout", func(c *Config, v string) error { return setSeconds(&c.Options.ConnectTimeout, v) }},
	{"sonde", "max_events", func(c *Config, v string) error { return setCount(&c.Queue.MaxEvents, v) }},
	{"sonde", "max_bytes", func(c *Config, v string) error { return setCount(&c.Queue.MaxBytes, v) }},
	{"sonde", "batch_events", func(c *Config, v string) error { return setCount(&c.Queue.BatchEvents, v) }},
	{"sonde", "flush_interval", func(c *Config, v string) error { return setSeconds(&c.Queue.FlushInterval, v) }},
	{"sonde", "notify_timeout", func(c *Config, v string) error { return setSeconds(&c.Queue.NotifyTimeout, v) }},
}

// env is the environment variable that sets o: named as oslo.config names those
// of OSProfiler's options, and SONDE_… for Sonde's own.
func (o *option) env() string {
	if o.group == "sonde" {
		return "SONDE_" + strings.ToUpper(o.name)
	}
	return "OS_" + strings.ToUpper(o.group) + "__" + strings.ToUpper(o.name)
}

// Set sets the option of this name as an INI file does: "socket_timeout", "2.5".
// Its group may go before it, with a dot: "profiler_otlp.service_name_prefix".
// The error names the option, not its value.
func (c *Config) Set(name, value string) error {
	for _, o := range optionTable {
		if o.set == nil || name != o.name && name != o.group+"."+o.name {
			continue
		}
		if err := o.set(c, value); err != nil {
			return fmt.Errorf("sonde: %s %w", name, err)
		}
		return nil
	}
	var known []string
	for _, o := range optionTable {
		if o.set != nil {
			known = append(known, o.name)
		}
	}
	return fmt.Errorf("sonde: there is no option %q; there are %s", name, strings.Join(known, ", "))
}

func setBool(into *bool, text string) error {
	b, ok := parseBool(text)
	if !ok {
		return errors.New("is neither true nor false")
	}
	*into = b
	return nil
}

// parseBool reads what oslo.config reads as a boolean.
func parseBool(s string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1", "on", "yes":
		return true, true
	case "false", "0", "off", "no":
		return false, true
	}
	return false, false
}

func setSeconds(into *time.Duration, text string) error {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(f > 0 && f < 1e6) {
		return errors.New("is not a number of seconds above 0")
	}
	*into = time.Duration(f * float64(time.Second))
	return nil
}

// setScrollTime reads a time in Elasticsearch's units, such as 2m or 90s.
func setScrollTime(into *time.Duration, text string) error {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil || d <= 0 {
		return errors.New("is not a duration such as 2m or 90s")
	}
	*into = d
	return nil
}

func setCount(into *int, text string) error {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n <= 0 {
		return errors.New("is not a whole number above 0")
	}
	*into = n
	return nil
}
