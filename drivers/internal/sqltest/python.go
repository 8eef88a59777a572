package sqltest

import (
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

// pythonTrace writes a trace with OSProfiler's own driver.
const pythonTrace = `
import sys
from osprofiler import notifier, profiler
notifier.set(notifier.create(sys.argv[1], project="nova", service="osapi_compute", host="host-a"))
profiler.init("key", base_id=sys.argv[2])
with profiler.Trace("wsgi", info={"request": {"path": "/v2.1/serv\u00e9rs", "query": "all=1", "method": "GET", "scheme": "http"}}):
    for i in range(3):
        with profiler.Trace("db", info={"db": {"statement": "select \"%d\" \\ \U0001f389" % i, "params": [1, None, True, 1e16, float("nan")]}}):
            pass
    try:
        with profiler.Trace("rpc"):
            raise ValueError("no \"such\" thing")
    except ValueError:
        pass
`

func (e *Engine) testPythonWrites(t *testing.T) {
	python := servertest.Python(t, e.PythonModule)
	const base = "a0000001-1111-4111-8111-000000000001"
	database := e.Database(t)
	url := e.URL("", database)
	python.Run(pythonTrace, url, base)
	want, err := python.OSProfiler("trace", "show", base, "--json", "--connection-string", url)
	if err != nil {
		t.Fatalf("osprofiler: %v\n%s", err, want)
	}
	if !strings.Contains(want, "ValueError") || strings.Count(want, `"name": "db"`) != 3 {
		t.Fatalf("osprofiler does not show its own trace:\n%s", want)
	}

	d := e.Open(t, database)
	defer d.Close()
	if got := reportOf(t, d, base); got != strings.TrimSpace(want) {
		t.Errorf("the report is\n%s\nosprofiler's is\n%s", got, want)
	}
	n := 0
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; tr.ID != base || tr.Name != "wsgi" || tr.Project != "nova" || tr.Service != "osapi_compute" || !tr.Failed {
			t.Errorf("listed as %+v", tr)
		}
	}
	if n != 1 {
		t.Errorf("%d traces listed", n)
	}

	// Sonde makes the same table.
	other := e.Database(t)
	o := e.Open(t, other)
	defer o.Close()
	if err := o.Notify(t.Context(), drivertest.Trace(1, 0)); err != nil {
		t.Fatal(err)
	}
	mine, its := e.Texts(t, other, e.TableForm), e.Texts(t, database, e.TableForm)
	if len(its) < 18 || !slices.Equal(mine, its) {
		t.Errorf("the table is\n%s\nosprofiler's is\n%s", strings.Join(mine, "\n"), strings.Join(its, "\n"))
	}

	// Both into one table, which OSProfiler has made.
	events := drivertest.Trace(6, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if n := len(collect(t, d, events[0].Trace().String())); n != 6 {
		t.Errorf("%d records, want 6", n)
	}
}

func (e *Engine) testPythonReads(t *testing.T) {
	python := servertest.Python(t, e.PythonModule)
	database := e.Database(t)
	url := e.URL("", database)
	d := e.Open(t, database)
	defer d.Close()
	events := drivertest.Trace(40, 0)
	for i := range events {
		events[i].Change(func(f *record.Fields) { f.Service = "é🎉" })
	}
	events[9].Change(func(f *record.Fields) {
		f.Info = []byte(`{"etype":"errors.errorString","message":"no \"such\" thing \u00e9","host":"host-a"}`)
	})
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	base := events[0].Trace().String()
	want, err := python.OSProfiler("trace", "show", base, "--json", "--connection-string", url)
	if err != nil {
		t.Fatalf("osprofiler: %v\n%s", err, want)
	}
	if !strings.Contains(want, "errors.errorString") {
		t.Fatalf("osprofiler does not show the trace:\n%s", want)
	}
	if got := reportOf(t, d, base); got != strings.TrimSpace(want) {
		t.Errorf("the report is\n%s\nosprofiler's is\n%s", got, want)
	}

	// And it goes on with the table that Sonde has made.
	const pythons = "a0000001-1111-4111-8111-000000000002"
	python.Run(pythonTrace, url, pythons)
	if n := len(collect(t, d, pythons)); n != 10 {
		t.Errorf("%d records of OSProfiler, want 10", n)
	}
}
