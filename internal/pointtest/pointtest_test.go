package pointtest

import (
	"context"
	"log/slog"
	"testing"

	"github.com/sonde-go/sonde/profiler"
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
	if p := rec.One(t, "outer"); p.Stopped || p.Parent != p.Base {
		t.Errorf("%+v", p)
	}
	outer.Stop()
	if p := rec.Points(t); len(p) != 2 || p[0].Name != "outer" || !p[0].Stopped {
		t.Errorf("%+v", p)
	}
}
