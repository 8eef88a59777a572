package sonde

import (
	"fmt"
	"os"
)

// FromEnv reads the configuration from environment variables: OSProfiler's
// options under the names that oslo.config gives them, Sonde's own as SONDE_….
//
//	OS_PROFILER__ENABLED                true or false
//	OS_PROFILER__HMAC_KEYS              comma-separated
//	OS_PROFILER__CONNECTION_STRING      URL; OSPROFILER_CONNECTION_STRING serves too
//	OS_PROFILER__FILTER_ERROR_TRACE     true or false
//	OS_PROFILER__SOCKET_TIMEOUT         seconds
//	OS_PROFILER__SENTINEL_SERVICE_NAME
//	OS_PROFILER__ES_DOC_TYPE, …__ES_SCROLL_TIME, …__ES_SCROLL_SIZE
//	OS_PROFILER_OTLP__SERVICE_NAME_PREFIX
//	SONDE_SERVICE, SONDE_PROJECT, SONDE_HOST
//	SONDE_ALLOW_DEFAULT_KEY             true or false
//	SONDE_TRANSPORT_URL
//	SONDE_IDLE_TIMEOUT, SONDE_CONNECT_TIMEOUT          seconds
//	SONDE_MAX_EVENTS, SONDE_MAX_BYTES, SONDE_BATCH_EVENTS
//	SONDE_FLUSH_INTERVAL, SONDE_NOTIFY_TIMEOUT         seconds
//
// Those are all options of [Config] but its functions. A variable that is not
// set leaves its field as it is in the zero Config. The error names the variable
// whose value makes no sense, not the value.
func FromEnv() (Config, error) {
	var c Config
	return c, c.ReadEnv()
}

// ReadEnv puts the environment's values over those of c; see [FromEnv].
func (c *Config) ReadEnv() error {
	if v, ok := os.LookupEnv("OSPROFILER_CONNECTION_STRING"); ok {
		c.ConnectionString = v
	}
	for _, o := range optionTable {
		v, ok := os.LookupEnv(o.env())
		if !ok || o.set == nil {
			continue
		}
		if err := o.set(c, v); err != nil {
			return fmt.Errorf("sonde: %s %w", o.env(), err)
		}
	}
	return nil
}
