package sonde_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde"
)

func iniFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "service.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFromFile(t *testing.T) {
	c, err := sonde.FromFile(iniFile(t, `# a service
[DEFAULT]
debug = true
[profiler]
enabled = True
; two keys, on two lines
hmac_keys = new,
   old
connection_string: "redis://localhost:6379"
trace_sqlalchemy = true
socket_timeout = 0.5
filter_error_trace = yes
[profiler_otlp]
service_name_prefix = cloud
[database]
connection = mysql://u:p@h/db
`))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Enabled || strings.Fields(strings.ReplaceAll(c.HMACKeys, ",", " "))[1] != "old" || c.ConnectionString != "redis://localhost:6379" ||
		c.Options.SocketTimeout != 500*time.Millisecond || !c.Options.FilterErrorTrace || c.Options.Params["service_name_prefix"] != "cloud" {
		t.Errorf("%+v", c)
	}
	t.Setenv("OS_PROFILER__CONNECTION_STRING", "memory://")
	if err := c.ReadEnv(); err != nil || c.ConnectionString != "memory://" || !c.Enabled {
		t.Errorf("the environment over the file: %+v, %v", c, err)
	}
}

// TestForeignOptions: OpenStack's services have options of their own in [profiler],
// and a name that enabled once had.
func TestForeignOptions(t *testing.T) {
	zaqar := "[profiler]\nprofiler_enabled = True\ntrace_wsgi_transport = true\ntrace_message_store = true\ntrace_management_store = true\n"
	if c, err := sonde.FromFile(iniFile(t, zaqar)); err != nil || !c.Enabled {
		t.Errorf("%+v, %v", c, err)
	}
	for _, both := range []string{"profiler_enabled = true\nenabled = false\n", "enabled = false\nprofiler_enabled = true\n"} {
		if c, err := sonde.FromFile(iniFile(t, "[profiler]\n"+both)); err != nil || c.Enabled {
			t.Errorf("%q: the former name goes before that of today: %v", both, err)
		}
	}
}

func TestFromFileRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"[profiler]\nenabled = perhaps":        "line 2: enabled",
		"[profiler]\n\nenabeld = true":         "line 3: there is no option enabeld in [profiler]; did you mean enabled?",
		"[sonde]\ntrace_message_store = true":  "line 2: there is no option trace_message_store in [sonde]",
		"[sonde]\nprofiler_enabled = true":     "line 2: there is no option profiler_enabled in [sonde]",
		"[profiler\nenabled = true":            "line 1",
		"  enabled = true":                     "line 1",
		"[profiler]\nenabled":                  "line 2",
		"[profiler]\nsocket_timeout = hunter2": "socket_timeout",
		"[profiler]\n= hunter2":                "line 2",
	} {
		_, err := sonde.FromFile(iniFile(t, text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := sonde.FromFile(filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("a file that is not there is read")
	}
}

func FuzzFromFile(f *testing.F) {
	f.Add("[profiler]\nenabled = true\nhmac_keys = a,\n b\n")
	f.Add("[\n]\n=:\n\t\"")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := sonde.FromFile(iniFile(t, text))
		if err != nil && c.HMACKeys != "" {
			t.Errorf("half a configuration comes with the error %v", err)
		}
	})
}

func ExampleFromFile() {
	cfg, err := sonde.FromFile("/etc/shop/shop.conf")
	if err != nil {
		return // names the file and the line
	}
	cfg.Service = "api"
	if err := cfg.ReadEnv(); err != nil { // the environment goes over the file
		return
	}
}
