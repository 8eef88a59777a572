package sonde

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// FromEnv reads the configuration from environment variables, named as
// oslo.config names those of OSProfiler's options:
//
//	OS_PROFILER__ENABLED                true or false
//	OS_PROFILER__HMAC_KEYS              comma-separated
//	OS_PROFILER__CONNECTION_STRING      URL; OSPROFILER_CONNECTION_STRING serves too
//	OS_PROFILER__FILTER_ERROR_TRACE     true or false
//	OS_PROFILER__SOCKET_TIMEOUT         seconds
//	OS_PROFILER__SENTINEL_SERVICE_NAME
//	SONDE_SERVICE, SONDE_PROJECT, SONDE_HOST
//
// A variable that is not set leaves its field as it is in the zero Config. The
// error names the variable whose value makes no sense, not the value.
func FromEnv() (Config, error) { return fromEnv(os.LookupEnv) }

func fromEnv(lookup func(string) (string, bool)) (Config, error) {
	var c Config
	var err error
	text := func(into *string, names ...string) {
		for _, name := range names {
			if v, ok := lookup(name); ok {
				*into = v
				return
			}
		}
	}
	boolean := func(into *bool, name string) {
		if v, ok := lookup(name); ok {
			b, good := parseBool(v)
			if !good && err == nil {
				err = fmt.Errorf("sonde: %s is neither true nor false", name)
			}
			*into = b
		}
	}
	boolean(&c.Enabled, "OS_PROFILER__ENABLED")
	text(&c.HMACKeys, "OS_PROFILER__HMAC_KEYS")
	text(&c.ConnectionString, "OS_PROFILER__CONNECTION_STRING", "OSPROFILER_CONNECTION_STRING")
	boolean(&c.Options.FilterErrorTrace, "OS_PROFILER__FILTER_ERROR_TRACE")
	text(&c.Options.SentinelServiceName, "OS_PROFILER__SENTINEL_SERVICE_NAME")
	text(&c.Service, "SONDE_SERVICE")
	text(&c.Project, "SONDE_PROJECT")
	text(&c.Host, "SONDE_HOST")
	if v, ok := lookup("OS_PROFILER__SOCKET_TIMEOUT"); ok {
		f, bad := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if (bad != nil || !(f > 0 && f < 1e6)) && err == nil {
			err = fmt.Errorf("sonde: OS_PROFILER__SOCKET_TIMEOUT is no number of seconds above 0")
		}
		c.Options.SocketTimeout = seconds(f)
	}
	return c, err
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
