package sonde

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/kit"
)

// option is one of OSProfiler's options, or one of Sonde's own.
type option struct {
	group, name string
	set         func(c *Config, value string) error
}

// formerly are names that options of [profiler] had, which oslo.config takes too
// where the name of today is not given.
var formerly = map[string]string{"profiler_enabled": "enabled"}

// variables are environment variables that set an option besides the one that
// [option.env] says, in the order in which they are asked: the first that is set
// and not empty counts.
var variables = map[string][]string{
	"hmac_keys":         {"SONDE_HMAC_KEY", "OS_PROFILER__HMAC_KEYS", "OSPROFILER_HMAC_KEYS"},
	"connection_string": {"OS_PROFILER__CONNECTION_STRING", "OSPROFILER_CONNECTION_STRING"},
	"enabled":           {"OS_PROFILER__ENABLED", "OS_PROFILER__PROFILER_ENABLED"},
}

// optionTable has all options of the groups that are read. Those that are of
// one kind of store become options of its URLs, under the names that they have
// there; the URL's own go before them, see [drivers.Options].
var optionTable = []option{
	{"profiler", "enabled", func(c *Config, v string) error { return setBool(&c.Enabled, v) }},
	{"profiler", "hmac_keys", func(c *Config, v string) error { c.HMACKeys = v; return nil }},
	{"profiler", "connection_string", func(c *Config, v string) error { c.ConnectionString = v; return nil }},
	{"profiler", "filter_error_trace", func(c *Config, v string) error { return setBool(&c.Options.FilterErrorTrace, v) }},
	{"profiler", "socket_timeout", func(c *Config, v string) error { return setDuration(&c.Options.SocketTimeout, v) }},
	{"profiler", "sentinel_service_name", param("sentinel_service_name", drivers.Text)},
	{"profiler", "es_doc_type", param("doc_type", drivers.Text)},
	{"profiler", "es_scroll_time", param("scroll_time", drivers.Duration)},
	{"profiler", "es_scroll_size", param("scroll_size", drivers.Count)},
	{"profiler_otlp", "service_name_prefix", param("service_name_prefix", drivers.Text)},

	{"sonde", "service", func(c *Config, v string) error { c.Service = v; return nil }},
	{"sonde", "project", func(c *Config, v string) error { c.Project = v; return nil }},
	{"sonde", "host", func(c *Config, v string) error { c.Host = v; return nil }},
	{"sonde", "more_connection_strings", func(c *Config, v string) error { c.MoreConnectionStrings = strings.Fields(v); return nil }},
	{"sonde", "allow_default_key", func(c *Config, v string) error { return setBool(&c.AllowDefaultKey, v) }},
	{"sonde", "transport_url", param("transport_url", drivers.Location)},
	{"sonde", "idle_timeout", param("idle_timeout", drivers.Duration)},
	{"sonde", "connect_timeout", func(c *Config, v string) error { return setDuration(&c.Options.ConnectTimeout, v) }},
	{"sonde", "mask", func(c *Config, v string) error { c.Mask = v; return nil }},
	{"sonde", "sampling", func(c *Config, v string) error { c.Sampling = v; return nil }},
	{"sonde", "sampling_file", func(c *Config, v string) error { c.SamplingFile = v; return nil }},
	{"sonde", "sampling_budget", func(c *Config, v string) error { c.SamplingBudget = v; return nil }},
	{"sonde", "call_sites", func(c *Config, v string) error { return setBool(&c.CallSites, v) }},
	{"sonde", "traceparent", func(c *Config, v string) error { return setBool(&c.TraceParent, v) }},
	{"sonde", "detail_off", func(c *Config, v string) error { return setNames(&c.Detail.Off, v) }},
	{"sonde", "detail_min_duration", func(c *Config, v string) error { return setDuration(&c.Detail.MinDuration, v) }},
	{"sonde", "detail_repeats", func(c *Config, v string) error { return setCount(&c.Detail.Repeats, v) }},
	{"sonde", "detail_points", func(c *Config, v string) error { return setCount(&c.Detail.Points, v) }},
	{"sonde", "detail_bytes", func(c *Config, v string) error { return setCount(&c.Detail.Bytes, v) }},
	{"sonde", "max_events", func(c *Config, v string) error { return setCount(&c.Queue.MaxEvents, v) }},
	{"sonde", "max_bytes", func(c *Config, v string) error { return setCount(&c.Queue.MaxBytes, v) }},
	{"sonde", "batch_events", func(c *Config, v string) error { return setCount(&c.Queue.BatchEvents, v) }},
	{"sonde", "flush_interval", func(c *Config, v string) error { return setDuration(&c.Queue.FlushInterval, v) }},
	{"sonde", "notify_timeout", func(c *Config, v string) error { return setDuration(&c.Queue.NotifyTimeout, v) }},
	{"sonde", "new_traces", func(c *Config, v string) error { return setCount(&c.Limits.NewTraces, v) }},
	{"sonde", "new_traces_per_second", func(c *Config, v string) error { return setCount(&c.Limits.NewTracesPerSecond, v) }},
	{"sonde", "arrivals", func(c *Config, v string) error { return setCount(&c.Limits.Arrivals, v) }},
	{"sonde", "arrivals_per_second", func(c *Config, v string) error { return setCount(&c.Limits.ArrivalsPerSecond, v) }},
	{"sonde", "trace_points", func(c *Config, v string) error { return setCount(&c.Limits.TracePoints, v) }},
	{"sonde", "trace_bytes", func(c *Config, v string) error { return setCount(&c.Limits.TraceBytes, v) }},
}

// env is the environment variable that sets o: named as oslo.config names those
// of OSProfiler's options, and SONDE_… for Sonde's own.
func (o *option) env() string {
	if o.group == "sonde" {
		return "SONDE_" + strings.ToUpper(o.name)
	}
	return "OS_" + strings.ToUpper(o.group) + "__" + strings.ToUpper(o.name)
}

// envs are the environment variables that set o, in the order in which they are
// asked.
func (o *option) envs() []string {
	if all := variables[o.name]; all != nil {
		return all
	}
	return []string{o.env()}
}

// foreign reports whether an option of [profiler] is one that a service of
// OpenStack has there for itself: Zaqar's trace_message_store, for one. Nothing
// here depends on them.
func foreign(group, name string) bool {
	return group == "profiler" && (strings.HasPrefix(name, "trace_") || name == "profiler_log_name")
}

// Set sets the option of this name as an INI file does: "socket_timeout", "2.5".
// Its group may go before it, with a dot: "profiler_otlp.service_name_prefix".
// The error names the option, not its value.
func (c *Config) Set(name, value string) error {
	for _, o := range optionTable {
		if name != o.name && name != o.group+"."+o.name {
			continue
		}
		if err := o.set(c, value); err != nil {
			return fmt.Errorf("sonde: %s %w", name, err)
		}
		return nil
	}
	var known []string
	for _, o := range optionTable {
		known = append(known, o.name)
	}
	return fmt.Errorf("sonde: there is no option %q; there are %s", name, strings.Join(known, ", "))
}

// param makes an option of the store's URL.
func param(name string, kind drivers.Kind) func(*Config, string) error {
	return func(c *Config, value string) error {
		if err := kind.Check(value); err != nil {
			return err
		}
		params := maps.Clone(c.Options.Params) // which copies of c may share
		if params == nil {
			params = map[string]string{}
		}
		params[name] = value
		c.Options.Params = params
		return nil
	}
}

// setNames takes names with commas or white space between them.
func setNames(into *[]string, text string) error {
	names := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if len(names) == 0 {
		return errors.New(`has no name in it; want names of layers or points, such as "db, redis"`)
	}
	*into = names
	return nil
}

func setBool(into *bool, text string) error {
	b, err := kit.ParseBool(text)
	if err == nil {
		*into = b
	}
	return err
}

func setDuration(into *time.Duration, text string) error {
	d, err := kit.ParseDuration(text)
	if err == nil {
		*into = d
	}
	return err
}

func setCount(into *int, text string) error {
	n, err := kit.ParseCount(text)
	if err == nil {
		*into = n
	}
	return err
}
