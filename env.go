package sonde

import (
	"fmt"
	"os"
	"strings"
)

// FromEnv reads the configuration from environment variables, named as
// oslo.config names those of OSProfiler's options:
//
//	OS_PROFILER__ENABLED                true or false
//	OS_PROFILER__HMAC_KEYS              comma-separated
//	OS_PROFILER__CONNECTION_STRING      URL; OSPROFILER_CONNECTION_STRING serves too
//	OS_PROFILER__FILTER_ERROR_TRACE     true or false
//	OS_PROFILER__SOCKET_TIMEOUT         seconds that the store has for an answer, 10
//	OS_PROFILER__SENTINEL_SERVICE_NAME
//	SONDE_SERVICE, SONDE_PROJECT, SONDE_HOST
//
// and so on for every option of [Config]. A variable that is not set leaves
// its field as it is in the zero Config. The error names the variable whose
// value makes no sense, not the value.
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
		name := "OS_" + strings.ToUpper(o.group) + "__" + strings.ToUpper(o.name)
		v, ok := os.LookupEnv(name)
		if !ok || o.set == nil {
			continue
		}
		if err := o.set(c, v); err != nil {
			return fmt.Errorf("sonde: %s %w", name, err)
		}
	}
	for name, field := range map[string]*string{"SONDE_SERVICE": &c.Service, "SONDE_PROJECT": &c.Project, "SONDE_HOST": &c.Host} {
		if v, ok := os.LookupEnv(name); ok {
			*field = v
		}
	}
	return nil
}
