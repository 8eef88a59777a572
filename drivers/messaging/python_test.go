package messaging

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

func transportOf(s *servertest.Server) string { return "rabbit://guest:guest@" + s.Addr + "/" }

func pythonShow(t *testing.T, python *servertest.Interpreter, transport, base string) string {
	t.Helper()
	out, err := python.OSProfiler("trace", "show", base, "--json", "--connection-string", "messaging://", "--transport-url", transport)
	if err != nil {
		exit, _ := err.(*exec.ExitError)
		t.Fatalf("osprofiler: %v\n%s%s", err, out, exit.Stderr)
	}
	return strings.TrimSuffix(out, "\n")
}

// pythonWrites records two traces with OSProfiler's own trace points.
const pythonWrites = `
import sys, datetime
from osprofiler import profiler, notifier
from osprofiler.drivers import base
driver = base.get_driver("messaging://", context={}, transport_url=sys.argv[1], project="nova", service="api", host="host-a")
notifier.set(driver.notify)
for base_id in sys.argv[2:]:
    profiler.init("KEY", base_id=base_id)
    with profiler.Trace("wsgi", info={"request": {"path": "/v2", "query": "a=1&b", "method": "GET", "scheme": "http"}}):
        with profiler.Trace("db", info={"db": {"statement": "select 'caf\u00e9'", "params": {"b": 1, "a": [1.5, None, True, 1e16, 2**40]}}}):
            pass
        try:
            with profiler.Trace("neutron-api"):
                raise ValueError("caf\u00e9 \U0001f389 <b>\"quoted\"</b>")
        except ValueError:
            pass
    profiler.clean()
`

// testPythonWrites: OSProfiler sends, this driver reads; then OSProfiler's
// command reads the same messages, and takes them all.
func testPythonWrites(t *testing.T, server *servertest.Server) {
	python := servertest.Python(t, "oslo_messaging")
	const one, two = "0f3b7c2a-4d5e-4f60-8a9b-c0d1e2f3a4b5", "1f3b7c2a-4d5e-4f60-8a9b-c0d1e2f3a4b5"
	python.Run(pythonWrites, transportOf(server), one, two)
	d := openURL(t, "messaging://", drivers.Options{Params: map[string]string{"transport_url": transportOf(server)}})
	got, other := show(t, d, one), show(t, d, two)
	if again := show(t, d, one); again != got {
		t.Errorf("shown again, the trace is\n%s\nit was\n%s", again, got)
	}
	if other == got || !strings.Contains(other, two) {
		t.Errorf("the other trace is\n%s", other)
	}
	traces := 0
	for tr, err := range d.Traces(t.Context(), drivers.Query{Service: "api"}) {
		if err != nil {
			t.Fatal(err)
		}
		if tr.Name != "wsgi" || tr.Project != "nova" || !tr.Failed {
			t.Errorf("listed: %+v", tr)
		}
		traces++
	}
	if traces != 2 {
		t.Errorf("%d traces", traces)
	}
	if want := pythonShow(t, python, transportOf(server), one); got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
	for range d.Records(t.Context(), two) {
		t.Fatal("OSProfiler has left messages: this test no longer shows what it should")
	}
}

// testPythonReads: OSProfiler's command shows what this driver has sent, also
// after this driver has read it.
func testPythonReads(t *testing.T, server *servertest.Server) {
	python := servertest.Python(t, "oslo_messaging")
	d := openURL(t, "messaging://?transport_url="+transportOf(server), drivers.Options{})
	events := drivertest.Trace(20, 0)
	base := events[0].Trace().String()
	events[6].Change(func(f *record.Fields) {
		f.Info = []byte(`{"etype":"errors.errorString","message":"caf\u00e9 \"x\"","host":"host-a"}`)
	})
	events[7].Change(func(f *record.Fields) {
		f.Info = []byte(`{"f":1e-07,"big":123456789012345678901,"deep":{"z":[],"a":{}},"host":"host-a"}`)
	})
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	got := show(t, d, base)
	if want := pythonShow(t, python, transportOf(server), base); got != want {
		t.Errorf("the report is\n%s\nand OSProfiler's\n%s", got, want)
	}
}

// testPythonWritesAfterwards: OSProfiler's publisher gets along with what this
// driver has declared, and this driver with what OSProfiler has.
func testPythonWritesAfterwards(t *testing.T, server *servertest.Server) {
	python := servertest.Python(t, "oslo_messaging")
	d := openURL(t, urlOf(server), drivers.Options{})
	events := drivertest.Trace(2, 0)
	for range 2 {
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		const base = "2f3b7c2a-4d5e-4f60-8a9b-c0d1e2f3a4b5"
		python.Run(pythonWrites, transportOf(server), base)
		for _, id := range []string{base, events[0].Trace().String()} {
			n := 0
			for _, err := range d.Records(t.Context(), id) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n == 0 {
				t.Errorf("no record of %s", id)
			}
		}
		forget(t, server) // the driver notices and declares anew
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d = openURL(t, urlOf(server), drivers.Options{})
		python.Run(pythonWrites, transportOf(server), base)
	}
}
