package sonde

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/near"
)

// FromEnv reads the configuration from environment variables: OSProfiler's
// options under the names that oslo.config gives them, Sonde's own as SONDE_….
//
//	OS_PROFILER__ENABLED                true or false
//	SONDE_HMAC_KEY                      comma-separated; or else OS_PROFILER__HMAC_KEYS or OSPROFILER_HMAC_KEYS
//	OS_PROFILER__CONNECTION_STRING      URL; or else OSPROFILER_CONNECTION_STRING
//	OS_PROFILER__FILTER_ERROR_TRACE     true or false
//	OS_PROFILER__SOCKET_TIMEOUT         seconds
//	OS_PROFILER__SENTINEL_SERVICE_NAME
//	OS_PROFILER__ES_DOC_TYPE, …__ES_SCROLL_TIME, …__ES_SCROLL_SIZE
//	OS_PROFILER_OTLP__SERVICE_NAME_PREFIX
//	SONDE_SERVICE, SONDE_PROJECT, SONDE_HOST
//	SONDE_MORE_CONNECTION_STRINGS       URLs with white space between them
//	SONDE_ALLOW_DEFAULT_KEY             true or false
//	SONDE_MASK                          secrets, all, none, or names with commas between them
//	SONDE_TRANSPORT_URL
//	SONDE_IDLE_TIMEOUT, SONDE_CONNECT_TIMEOUT          seconds
//	SONDE_MAX_EVENTS, SONDE_MAX_BYTES, SONDE_BATCH_EVENTS
//	SONDE_FLUSH_INTERVAL, SONDE_NOTIFY_TIMEOUT         seconds
//	SONDE_NEW_TRACES, SONDE_NEW_TRACES_PER_SECOND      see [profiler.LimitConfig]
//	SONDE_ARRIVALS, SONDE_ARRIVALS_PER_SECOND
//	SONDE_TRACE_POINTS, SONDE_TRACE_BYTES
//	SONDE_DETAIL_OFF                    names of layers or points with commas between them; see [profiler.Detail]
//	SONDE_DETAIL_MIN_DURATION           duration, such as 100us, or seconds
//	SONDE_DETAIL_REPEATS, SONDE_DETAIL_POINTS, SONDE_DETAIL_BYTES
//
// Those of one kind of store become options of its URL; where the URL has them
// too, it is the URL that counts.
//
// Those are all options of [Config] but its functions. A variable that is not
// set, or is empty, leaves its field as it is in the zero Config. The error names
// the variable whose value makes no sense, not the value. Any other variable that
// begins with OS_PROFILER__ or OS_PROFILER_OTLP__ is an error too, unless its option
// is one that OpenStack's services have for themselves: it is a typo.
func FromEnv() (Config, error) {
	var c Config
	return c, c.ReadEnv()
}

// ReadEnv puts the environment's values over those of c; see [FromEnv].
func (c *Config) ReadEnv() error {
	if err := checkEnv(); err != nil {
		return err
	}
	for _, o := range optionTable {
		for _, name := range o.envs() {
			v := os.Getenv(name)
			if v == "" {
				continue
			}
			if err := o.set(c, v); err != nil {
				return fmt.Errorf("sonde: %s %w", name, err)
			}
			break
		}
	}
	return nil
}

// checkEnv looks for variables that are named as oslo.config names those of
// OSProfiler's options, and are none.
func checkEnv() error {
	known := map[string][]string{} // by what they begin with
	for _, o := range optionTable {
		for _, name := range o.envs() {
			if prefix, _, ok := strings.Cut(name, "__"); ok {
				known[prefix] = append(known[prefix], name)
			}
		}
	}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		prefix, rest, ok := strings.Cut(name, "__")
		if !ok || known[prefix] == nil || slices.Contains(known[prefix], name) {
			continue
		}
		if !foreign(strings.ToLower(strings.TrimPrefix(prefix, "OS_")), strings.ToLower(rest)) {
			return fmt.Errorf("sonde: the environment has %s, but there is no such option%s", name, near.Meant(name, known[prefix]))
		}
	}
	return nil
}

// named says which variable of the environment has given a value, whatever white
// space is in it, for an error about it: "" if none has.
func named(option, value string) string {
	for _, o := range optionTable {
		if o.name != option {
			continue
		}
		for _, name := range o.envs() {
			if v := os.Getenv(name); v != "" && slices.Equal(strings.Fields(v), strings.Fields(value)) {
				return name + ": "
			}
		}
	}
	return ""
}
