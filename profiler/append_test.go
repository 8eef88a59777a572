package profiler_test

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestPointOf(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	inner, p := profiler.Start(ctx, "inner")
	if profiler.PointOf(inner).ID() != p.ID() || profiler.PointOf(ctx).ID() != root.ID() {
		t.Error("another point")
	}
	if profiler.PointOf(context.Background()).Active() {
		t.Error("a point out of nowhere")
	}
	profiler.PointOf(inner).Add(slog.String("user", "u7"))
	p.Stop()
	root.Stop()
	if got := rec.One(t, "inner").Stop["user"]; got != "u7" {
		t.Errorf("user %v", got)
	}
}

func TestAppend(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	_, p := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	p.Append("log", slog.String("m", "one"), slog.Group("g", slog.Int("n", 1)))
	p.Append("other")
	p.Add(slog.Int("n", 7))
	p.Append("log", slog.String("m", "two"))
	p.Append("", slog.String("m", "nowhere"))
	p.Stop(slog.Bool("ok", true))
	p.Append("log", slog.String("m", "late"))
	profiler.Point{}.Append("log")
	want := map[string]any{
		"log":   []any{map[string]any{"m": "one", "g": map[string]any{"n": 1.0}}, map[string]any{"m": "two"}},
		"other": []any{map[string]any{}},
		"n":     7.0, "ok": true,
	}
	if got := rec.One(t, "root").Stop; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if n := svc.Stats().Late; n != 1 {
		t.Errorf("%d late calls", n)
	}
}

// TestAppendReplaces: Add and Append under one key, in either order.
func TestAppendReplaces(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	_, p := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	p.Add(slog.Int("a", 7))
	p.Append("a", slog.Int("n", 1))
	p.Append("b", slog.Int("n", 1))
	p.Add(slog.Int("b", 7))
	p.Stop()
	want := map[string]any{"a": []any{map[string]any{"n": 1.0}}, "b": 7.0}
	if got := rec.One(t, "root").Stop; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestAppendIsBounded(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	_, p := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 25 {
				p.Append("log", slog.String("m", strings.Repeat("x", 100)))
			}
		}()
	}
	wg.Wait()
	p.Stop(slog.Bool("ok", true))
	stop := rec.One(t, "root").Stop
	list, left := stop["log"].([]any), stop["log_left_out"]
	if len(list) < 50 || left != float64(100-len(list)) || stop["ok"] != true {
		t.Errorf("%d in the list, %v left out", len(list), left)
	}
}

func TestAddFunc(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	_, p := s.Begin(context.Background(), profiler.Opening{Name: "p"})
	p.AddFunc(func() []slog.Attr { return []slog.Attr{slog.Int("n", 1)} })
	p.AddFunc(func() []slog.Attr { panic(selfPanicking{}) })
	p.Stop()
	profiler.Point{}.AddFunc(func() []slog.Attr { panic("called for nobody") })
	mustClose(t, s)
	e := sink.find(t, "p-stop")
	if m := info(t, e); m["n"] != 1.0 || m["attributes"] != "!PANIC: a profiler_test.selfPanicking, whose text panics" || s.Stats().Panics != 1 {
		t.Errorf("%v, %+v", m, s.Stats())
	}
}
