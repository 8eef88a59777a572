package mongodb

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

func show(t *testing.T, d *drivers.Store, base string) string {
	t.Helper()
	r, err := report.Build(d.Records(t.Context(), base))
	if err != nil {
		t.Fatal(err)
	}
	return printed(t, r)
}

func printed(t *testing.T, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteOSProfiler(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func pythonShow(t *testing.T, python *servertest.Interpreter, url, base string) string {
	t.Helper()
	out, err := python.OSProfiler("trace", "show", base, "--json", "--connection-string", url)
	if err != nil {
		exit, _ := err.(*exec.ExitError)
		t.Fatalf("osprofiler: %v\n%s%s", err, out, exit.Stderr)
	}
	return strings.TrimSuffix(out, "\n")
}

// TestPythonWrites: OSProfiler's own trace points, which its command and this
// driver read alike.
func TestPythonWrites(t *testing.T) {
	python := servertest.Python(t, "pymongo")
	url := urlOf(servertest.FerretDB(t, servertest.Postgres(t)))
	base := "0f3b7c2a-4d5e-4f60-8a9b-c0d1e2f3a4b5"
	python.Run(`
import sys, datetime
from osprofiler import initializer, profiler, notifier
from osprofiler.drivers import base
driver = base.get_driver(sys.argv[1], project="nova", service="api", host="host-a")
notifier.set(driver.notify)
profiler.init("KEY", base_id=sys.argv[2])
with profiler.Trace("wsgi", info={"request": {"path": "/v2", "query": "a=1&b", "method": "GET", "scheme": "http"}}):
    with profiler.Trace("db", info={"db": {"statement": "select 'caf\u00e9'", "params": {"b": 1, "a": [1.5, None, True, 1e16, 2**40]}}}):
        pass
    with profiler.Trace("rpc", info={"when": datetime.datetime(2024, 1, 2, 3, 4, 5, 6000)}):
        try:
            with profiler.Trace("neutron-api"):
                raise ValueError("caf\u00e9 \U0001f389 <b>\"quoted\"</b>")
        except ValueError:
            pass
`, url, base)
	d := openURL(t, url, drivers.Options{})
	got, want := show(t, d, base), pythonShow(t, python, url, base)
	if got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
	if !strings.Contains(got, `"2024-01-02T03:04:05.006000"`) {
		t.Error("the report lacks a time")
	}
	traces := []drivers.Trace{}
	for tr, err := range d.Traces(t.Context(), drivers.Query{Service: "api"}) {
		if err != nil {
			t.Fatal(err)
		}
		traces = append(traces, tr)
	}
	if len(traces) != 1 || traces[0].ID != base || traces[0].Name != "wsgi" || traces[0].Project != "nova" {
		t.Errorf("listed: %+v", traces)
	}
}

// TestPythonReads: OSProfiler's command shows and lists what this driver has
// written.
func TestPythonReads(t *testing.T) {
	python := servertest.Python(t, "pymongo")
	url := urlOf(servertest.FerretDB(t, servertest.Postgres(t)))
	d := openURL(t, url, drivers.Options{FilterErrorTrace: true})
	events := drivertest.Trace(20, 0)
	base := events[0].Trace().String()
	events[6].Change(func(f *record.Fields) {
		f.Info = []byte(`{"etype":"errors.errorString","message":"caf\u00e9 \"x\"","host":"host-a"}`)
	})
	events[7].Change(func(f *record.Fields) {
		f.Info = []byte(`{"f":1e-07,"big":123456789012345678901,"i":4294967296,"deep":{"z":[],"a":{}},"host":"host-a"}`)
	})
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if got, want := show(t, d, base), pythonShow(t, python, url, base); got != want {
		t.Errorf("the report is\n%s\nand OSProfiler's\n%s", got, want)
	}
	for _, args := range [][]string{{"trace", "list"}, {"trace", "list", "--error-trace", "True"}} {
		out, err := python.OSProfiler(append(args, "--connection-string", url)...)
		if err != nil || !strings.Contains(out, base) {
			t.Errorf("osprofiler %v: %v\n%s", args, err, out)
		}
	}
}

// TestGoldenReports makes OSProfiler's reports of the documents that it wrote.
func TestGoldenReports(t *testing.T) {
	g := loadGolden(t)
	reports := 0
	for name, want := range g.Reports {
		base := strings.TrimPrefix(name, "report ")
		r, err := report.Build(func(yield func(record.Record, error) bool) {
			for _, command := range g.Notify {
				doc := command.Documents[0]
				if got, _ := jsontext.Text(jsontext.Get(doc, "base_id")); got != base {
					continue
				}
				_, fields, _ := bytes.Cut(doc, []byte("},")) // after the _id
				if !yield(fromBSON(new(record.Parser), encode(t, "{"+string(fields), false))) {
					return
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		reports++
		if got, want := printed(t, r), string(jsontext.AppendIndent(nil, want.Result, 0)); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
	if reports != 4 {
		t.Errorf("%d reports", reports)
	}
}

func loadGolden(t *testing.T) (g golden) {
	t.Helper()
	b, err := os.ReadFile("testdata/mongodb.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}
