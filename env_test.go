package sonde_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/profiler"
)

// TestUnknownVariables: a variable that is named as one of OSProfiler's options and
// is none is an error that names those near to it, as in an INI file.
func TestUnknownVariables(t *testing.T) {
	for name, want := range map[string]string{
		"OS_PROFILER__ENABELD":                    "; did you mean OS_PROFILER__ENABLED?",
		"OS_PROFILER__HMAC_KEY":                   "; did you mean OS_PROFILER__HMAC_KEYS?",
		"OS_PROFILER__NOTHING_LIKE_THAT_AT_ALL":   "there is no such option",
		"OS_PROFILER_OTLP__SERVICE_NAME_PERFIX":   "; did you mean OS_PROFILER_OTLP__SERVICE_NAME_PREFIX?",
		"OS_PROFILER__TRACE_MESSAGE_STORE":        "",
		"OS_PROFILER__PROFILER_LOG_NAME":          "",
		"OS_PROFILER__PROFILER_ENABLED":           "",
		"OS_PROFILER_OTLP__TRACE_MESSAGE_STORE":   "there is no such option",
		"OS_DATABASE__CONNECTION":                 "",
		"OS_PROFILER_OF_SOMEBODY_ELSE__AN_OPTION": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "true")
			_, err := sonde.FromEnv()
			if want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v", err)
			}
			if err != nil && strings.HasSuffix(want, "option") && strings.Contains(err.Error(), "mean") {
				t.Errorf("something is near: %v", err)
			}
		})
	}
}

// TestSpellings: what has several variables is what the first of them says.
func TestSpellings(t *testing.T) {
	keys := func(c sonde.Config) string { return c.HMACKeys }
	url := func(c sonde.Config) string { return c.ConnectionString }
	for _, tt := range []struct {
		of    func(sonde.Config) string
		names []string // the weakest first
	}{
		{keys, []string{"OSPROFILER_HMAC_KEYS", "OS_PROFILER__HMAC_KEYS", "SONDE_HMAC_KEY"}},
		{url, []string{"OSPROFILER_CONNECTION_STRING", "OS_PROFILER__CONNECTION_STRING"}},
	} {
		for _, name := range tt.names {
			t.Setenv(name, "of "+name)
			if c, err := sonde.FromEnv(); err != nil || tt.of(c) != "of "+name {
				t.Errorf("with %s it is %q, %v", name, tt.of(c), err)
			}
		}
	}
	t.Setenv("SONDE_HMAC_KEY", "")
	if c, err := sonde.FromEnv(); err != nil || c.HMACKeys != "of OS_PROFILER__HMAC_KEYS" {
		t.Errorf("an empty variable counts: %q, %v", c.HMACKeys, err)
	}
	t.Setenv("OS_PROFILER__PROFILER_ENABLED", "true")
	if c, err := sonde.FromEnv(); err != nil || !c.Enabled {
		t.Errorf("OSProfiler's former name does nothing: %v", err)
	}
	t.Setenv("OS_PROFILER__ENABLED", "false")
	if c, err := sonde.FromEnv(); err != nil || c.Enabled {
		t.Errorf("the former name goes before that of today: %v", err)
	}
}

// TestErrorsNameVariables: who configures by the environment reads in an error which
// variable it is about, and how SECRET_KEY is allowed in each form.
func TestErrorsNameVariables(t *testing.T) {
	for name, tt := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"no key":  {map[string]string{}, []string{"SONDE_HMAC_KEY", "hmac_keys in [profiler]", "Config.HMACKeys"}},
		"no name": {map[string]string{"SONDE_HMAC_KEY": "k"}, []string{"SONDE_SERVICE", "service in [sonde]", "Config.Service"}},
		"default key": {map[string]string{"OSPROFILER_HMAC_KEYS": "SECRET_KEY"},
			[]string{"OSPROFILER_HMAC_KEYS: ", "AllowDefaultKey", "SONDE_ALLOW_DEFAULT_KEY=true", "allow_default_key = true in [sonde]", "-O allow_default_key=true"}},
		"store":         {map[string]string{"SONDE_HMAC_KEY": "k", "SONDE_SERVICE": "s", "OSPROFILER_CONNECTION_STRING": "gopher://u:hunter2@h"}, []string{"OSPROFILER_CONNECTION_STRING: ", "gopher"}},
		"further store": {map[string]string{"SONDE_HMAC_KEY": "k", "SONDE_SERVICE": "s", "OSPROFILER_CONNECTION_STRING": "memory://", "SONDE_MORE_CONNECTION_STRINGS": "memory:// gopher://u:hunter2@h"}, []string{"SONDE_MORE_CONNECTION_STRINGS: ", "gopher"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OS_PROFILER__ENABLED", "true")
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			svc, err := sonde.New(t.Context(), "")
			if err == nil {
				_ = svc.Close(context.Background())
				t.Fatal("it is no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestNewDisabled starts no goroutine and opens nothing, not even a store that
// cannot be opened. A typo is an error even then.
func TestNewDisabled(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", "gopher://")
	before := runtime.NumGoroutine()
	svc, err := sonde.New(t.Context(), "frontend")
	if n := runtime.NumGoroutine(); err != nil || n > before {
		t.Errorf("%v; %d goroutines, %d before", err, n, before)
	}
	if _, p := svc.Begin(t.Context(), profiler.Opening{Name: "job"}); p.Active() {
		t.Error("a disabled Service traces")
	}
	t.Setenv("OS_PROFILER__ENABELD", "true")
	if svc, err := sonde.New(t.Context(), "frontend"); err == nil || svc != nil {
		t.Errorf("%v, %v", svc, err)
	}
}

func TestNew(t *testing.T) {
	t.Setenv("OS_PROFILER__ENABLED", "True")
	t.Setenv("SONDE_HMAC_KEY", "k1")
	t.Setenv("OSPROFILER_CONNECTION_STRING", "memory://new-test")
	for _, want := range []string{"frontend", "frontend-blue"} {
		var got sonde.Config
		svc, err := sonde.New(t.Context(), "frontend", func(c *sonde.Config) { got = *c }, func(c *sonde.Config) { c.Project = "shop" })
		if err != nil {
			t.Fatal(err)
		}
		if got.Service != want || got.HMACKeys != "k1" || got.Project != "" {
			t.Errorf("%+v", got)
		}
		if _, p := svc.Begin(t.Context(), profiler.Opening{Name: "job"}); !p.Active() {
			t.Error("an enabled Service does not trace")
		}
		if err := svc.Close(context.Background()); err != nil {
			t.Error(err)
		}
		t.Setenv("SONDE_SERVICE", "frontend-blue")
	}
}
