package agent

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

// TestOSProfiler has the real OSProfiler send a trace by the driver of the example.
func TestOSProfiler(t *testing.T) {
	python := servertest.Python(t)
	file, err := filepath.Abs("../../examples/python/sonde_agent_driver.py")
	if err != nil {
		t.Fatal(err)
	}
	f, url := atSocket(t)
	const base = "a0000001-1111-4111-8111-000000000001"
	python.Run(`
import importlib.util, sys
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("sonde_agent_driver", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
from osprofiler import notifier, profiler
escaped = sys.argv[2].replace(".sock", "%2Esock")
assert escaped != sys.argv[2]
notifier.set(notifier.create(escaped, project="nova", service="os-api", host="host-a"))
profiler.init("key", base_id=sys.argv[3], parent_id=None)
import datetime
with profiler.Trace("wsgi", info={"request": {"path": "/v2/\u00e9"}, "at": datetime.datetime(2026, 1, 2)}):
    with profiler.Trace("db", info={"db": {"statement": "select '\n' \U0001f389", "params": [1.5, None]}}):
        pass
try:
    notifier.create("agent:///no/such/socket")({"name": "x"})
except OSError:
    pass
else:
    raise AssertionError("nobody answers, and it does not say so")
`, file, url, base)
	var names []string
	for _, p := range f.taken() {
		for _, line := range p.lines {
			r, err := record.Parse([]byte(line))
			if err != nil {
				t.Fatal(err)
			}
			if e, err := r.Event(); err != nil || e.Trace().String() != base || e.Project() != "nova" || e.Service() != "os-api" || e.Host() == "" {
				t.Errorf("%s: %v", line, err)
			}
			names = append(names, r.Name)
		}
	}
	if !slices.Equal(names, []string{"wsgi-start", "db-start", "db-stop", "wsgi-stop"}) {
		t.Errorf("sent %q", names)
	}
}
