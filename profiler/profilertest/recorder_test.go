package profilertest

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRecorder(t *testing.T) {
	svc, rec := New(t, "shop")
	ctx, outer := svc.Begin(context.Background(), profiler.Opening{Name: "outer"})
	_, inner := profiler.Start(ctx, "inner", slog.Int("n", 1))
	inner.Stop(slog.Bool("done", true))

	got := rec.One(t, "inner")
	if got.Parent != outer.ID() || got.Service != "shop" || !got.Stopped || got.To < got.From ||
		got.Start["n"] != 1.0 || got.Stop["done"] != true {
		t.Errorf("%+v", got)
	}
	if p := rec.One(t, "outer"); p.Stopped || p.Parent != p.Trace {
		t.Errorf("%+v", p)
	}
	outer.Stop()
	if p := rec.Points(t); len(p) != 2 || p[0].Name != "outer" || !p[0].Stopped {
		t.Errorf("%+v", p)
	}
}

// failures notes what a test would fail with.
type failures struct {
	testing.TB
	texts []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}

// TestTwice: a record that is written twice is seen.
func TestTwice(t *testing.T) {
	f := &failures{TB: t}
	_, rec := New(f, "shop")
	id := header.NewID()
	fields := record.Fields{Name: "db", Phase: record.Start, Trace: id, Point: id, Parent: id, Info: []byte("{}")}
	start := record.New(fields)
	fields.Phase = record.Stop
	stop := record.New(fields)
	for i, e := range []record.Event{start, stop, start, stop} {
		if err := rec.Notify(t.Context(), []record.Event{e}); err != nil {
			t.Fatal(err)
		}
		if want := max(0, i-1); len(f.texts) != want {
			t.Errorf("after %d records: %q, want %d failures", i+1, f.texts, want)
		}
	}
}
