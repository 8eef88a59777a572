package elasticsearch

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// keywords makes the indexes beforehand for ZincSearch, which knows neither
// Elasticsearch's dates nor objects that are not indexed.
func keywords(t *testing.T, d *drivers.Store) {
	t.Helper()
	var fields []string
	for _, f := range []string{"name", "base_id", "trace_id", "parent_id", "timestamp", "project", "service"} {
		fields = append(fields, `"`+f+`":{"type":"keyword"}`)
	}
	for _, index := range []string{recordIndex, errorIndex} {
		body := `{"mappings":{"properties":{` + strings.Join(fields, ",") + `}}}`
		if _, err := inside(d).do(t.Context(), "PUT", "/"+index, typeJSON, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitRecords waits until a trace can be read, which takes the engine seconds.
func awaitRecords(t *testing.T, d *drivers.Store, base string, n int) []record.Record {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		records := drain(t, d, base)
		if len(records) == n {
			return records
		}
		if time.Now().After(end) {
			t.Fatalf("%d records, want %d", len(records), n)
		}
	}
}

func list(t *testing.T, d *drivers.Store, q drivers.Query) (ids []string) {
	t.Helper()
	for tr, err := range d.Traces(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, tr.ID)
	}
	return ids
}

// TestSearchEngine runs the queries on a real engine. It gives documents back
// with their keys sorted, and takes infos of one form only.
func TestSearchEngine(t *testing.T) {
	d := openURL(t, "elasticsearch://"+servertest.ZincSearch(t).Addr, drivers.Options{FilterErrorTrace: true})
	keywords(t, d)
	old, young := drivertest.Trace(6, -time.Hour), drivertest.Trace(2000, time.Minute)
	for _, events := range [][]record.Event{old, young} {
		for i := range events {
			events[i].Change(func(f *record.Fields) { f.Info = []byte(`{"host":"host-a","message":"a 'quoted' \"text\""}`) })
		}
	}
	old[3].Change(func(f *record.Fields) { f.Info = []byte(`{"etype":"ValueError","host":"host-a"}`) })
	for _, events := range [][]record.Event{old, young, old} {
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	oldID, youngID := old[0].Trace().String(), young[0].Trace().String()
	awaitRecords(t, d, youngID, len(young))
	for i, r := range awaitRecords(t, d, oldID, len(old)) {
		drivertest.Check(t, r, &old[i])
	}
	if got := list(t, d, drivers.Query{}); len(got) != 2 || got[0] != youngID || got[1] != oldID {
		t.Errorf("listed: %v, want %s and %s", got, youngID, oldID)
	}
	if got := list(t, d, drivers.Query{ErrorsOnly: true}); len(got) != 1 || got[0] != oldID {
		t.Errorf("listed as failed: %v, want %s", got, oldID)
	}
	if n, err := d.Prune(t.Context(), time.Unix(0, young[0].Time())); n != 1 || err != nil {
		t.Errorf("Prune: %d, %v", n, err)
	}
	awaitRecords(t, d, oldID, 0)
	if err := d.Delete(t.Context(), youngID); err != nil {
		t.Error(err)
	}
	awaitRecords(t, d, youngID, 0)
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

func show(t *testing.T, d *drivers.Store, base string) string {
	t.Helper()
	r, err := report.Build(d.Records(t.Context(), base))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteOSProfiler(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestOSProfiler: the real one and this driver read what either wrote, in an
// index that the first document of OSProfiler made. (Its lists fail in its
// client.)
func TestOSProfiler(t *testing.T) {
	python := servertest.Python(t, "elasticsearch")
	url := "elasticsearch://" + servertest.ZincSearch(t).Addr
	d := openURL(t, url, drivers.Options{})
	base := "0f3b7c2a-4d5e-4f60-8a9b-c0d1e2f3a4b5"
	python.Run(`
import sys
from oslo_config import cfg
from osprofiler import notifier, opts, profiler
from osprofiler.drivers import base
opts.set_defaults(cfg.CONF, enabled=True, hmac_keys="KEY", connection_string=sys.argv[1])
driver = base.get_driver(sys.argv[1], project="nova", service="api", host="host-a", conf=cfg.CONF)
notifier.set(driver.notify)
profiler.init("KEY", base_id=sys.argv[2])
with profiler.Trace("wsgi", info={"request": {"path": "/v2", "query": "a=1&b", "method": "GET", "scheme": "http"}}):
    with profiler.Trace("db", info={"db": {"statement": "select 'caf\u00e9'"}}):
        pass
    try:
        with profiler.Trace("rpc"):
            raise ValueError("caf\u00e9 \U0001f389 <b>\"quoted\"</b>")
    except ValueError:
        pass
`, url, base)
	awaitRecords(t, d, base, 6)
	if got, want := show(t, d, base), pythonShow(t, python, url, base); !sameReport(got, want) {
		t.Errorf("of OSProfiler's records the report is\n%s\nwant\n%s", got, want)
	}

	events := drivertest.Trace(8, 0)
	for i := range events {
		events[i].Change(func(f *record.Fields) { f.Info = []byte(`{"host":"host-a","text":"caf\u00e9"}`) })
	}
	base = events[0].Trace().String()
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	awaitRecords(t, d, base, len(events))
	if got, want := show(t, d, base), pythonShow(t, python, url, base); !sameReport(got, want) {
		t.Errorf("of our records the report is\n%s\nand OSProfiler's\n%s", got, want)
	}
}

// sameReport compares without the order of lines: OSProfiler takes records as
// the engine happens to give them.
func sameReport(a, b string) bool {
	return sorted(a) == sorted(b)
}

func sorted(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, ",\n", "\n"), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
