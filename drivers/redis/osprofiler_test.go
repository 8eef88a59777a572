package redis

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/report"
)

// writeTrace has OSProfiler write a trace of a few points to argv[1], under the
// base id argv[2].
const writeTrace = `
import sys, types
from osprofiler import notifier, profiler
conf = {"profiler": types.SimpleNamespace(filter_error_trace=True)}
notifier.set(notifier.create(sys.argv[1], project="nova", service="os-api", host="host-a", conf=conf))
p = profiler.init("key", base_id=sys.argv[2], parent_id=None)
with profiler.Trace("wsgi", info={"request": {"path": "/v2/\u00e9", "query": "", "method": "GET", "scheme": "http"}}):
    for i in range(50):
        with profiler.Trace("db", info={"db": {"statement": "select '</script>' \U0001f389", "params": [i, 1.5, None, True, 1e16]}}):
            pass
    try:
        with profiler.Trace("neutron-api", info={}):
            raise ValueError("no \"such\" port\n")
    except ValueError:
        pass
`

// TestOSProfiler has the real OSProfiler and Sonde write traces to one server,
// and each read those of both.
func TestOSProfiler(t *testing.T) {
	python := servertest.Python(t, "redis")
	s := servertest.Redis(t)
	url := "redis://" + s.Addr + "/0"
	d := openURL(t, url, filing)

	const theirs = "a0000001-1111-4111-8111-000000000001"
	python.Run(writeTrace, url, theirs)
	ours := writeOurs(t, d)

	for name, base := range map[string]string{"theirs": theirs, "ours": ours} {
		want, err := python.OSProfiler("trace", "show", base, "--json", "--connection-string", url)
		if err != nil {
			t.Fatalf("osprofiler trace show: %v\n%s", err, want)
		}
		r, err := report.Build(d.Records(t.Context(), base))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := r.WriteOSProfiler(&got); err != nil {
			t.Fatal(err)
		}
		if got.WriteByte('\n'); got.String() != want {
			t.Errorf("%s: the reports differ: %s", name, difference(got.String(), want))
		}
		if n := strings.Count(want, `"meta.raw_payload.`); n != 104 {
			t.Errorf("%s: %d records in the report, want 104", name, n)
		}
	}

	for flag, q := range map[string]drivers.Query{"": {}, "--error-trace": {ErrorsOnly: true}} {
		args := []string{"trace", "list", "--connection-string", url}
		if flag != "" {
			args = append(args, flag, "True")
		}
		table, err := python.OSProfiler(args...)
		if err != nil {
			t.Fatalf("osprofiler trace list %s: %v\n%s", flag, err, table)
		}
		list := traces(t, d, q)
		if len(list) != 2 {
			t.Errorf("we list %+v", list)
		}
		for _, tr := range list {
			if !tr.Failed || !strings.Contains(table, "| "+tr.ID+" |") {
				t.Errorf("osprofiler trace list %s is without %+v:\n%s", flag, tr, table)
			}
		}
	}

	if err := d.Delete(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	if out, err := python.OSProfiler("trace", "show", theirs, "--json", "--connection-string", url); err == nil || !strings.Contains(out, "not found") {
		t.Errorf("osprofiler trace show of a deleted trace: %q, %v", out, err)
	}
}

// writeOurs writes a trace of 52 points, as a program that is profiled would.
func writeOurs(t *testing.T, d *drivers.Store) (base string) {
	t.Helper()
	service, err := profiler.New(profiler.Config{Name: "checkout", Project: "shop", Sink: d, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, root := service.Begin(t.Context(), profiler.Opening{Name: "http", Layer: layer.HTTPServer}, slog.String("path", "/é"))
	info, _ := profiler.Current(ctx)
	for i := range 50 {
		_, p := profiler.Start(ctx, "db", slog.String("statement", "select '</script>' 🎉"), slog.Int("i", i))
		p.Stop(slog.Float64("f", 1e16))
	}
	_, p := profiler.Start(ctx, "stock")
	p.Fail(errors.New("no \"such\" port\n"))
	root.Stop()
	if err := service.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return info.BaseID.String()
}

// difference shows where two texts begin to differ.
func difference(a, b string) string {
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(la), len(lb)) {
		if la[i] != lb[i] {
			return "ours " + la[i] + ", theirs " + lb[i]
		}
	}
	return "one is longer"
}
