package slogtrace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/slogtrace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func lines(t *testing.T, b *bytes.Buffer) (all []map[string]any) {
	t.Helper()
	for d := json.NewDecoder(b); ; {
		var m map[string]any
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
}

// traced is a context with the point "root".
func traced(t testing.TB) (context.Context, profiler.Point, *profilertest.Recorder) {
	svc, rec := profilertest.New(t, "svc")
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	t.Cleanup(func() { p.Stop() })
	return ctx, p, rec
}

// tracedHandler logs everything as if it were in a traced request.
type tracedHandler struct {
	slog.Handler
	ctx context.Context
}

func (h tracedHandler) Handle(_ context.Context, r slog.Record) error {
	return h.Handler.Handle(h.ctx, r)
}

func (h tracedHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return tracedHandler{h.Handler.WithAttrs(a), h.ctx}
}

func (h tracedHandler) WithGroup(name string) slog.Handler {
	return tracedHandler{h.Handler.WithGroup(name), h.ctx}
}

// The standard library's own rules for handlers hold, traced or not.
func TestIsAHandler(t *testing.T) {
	ctx, _, _ := traced(t)
	for name, ctx := range map[string]context.Context{"untraced": context.Background(), "traced": ctx} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			h := tracedHandler{slogtrace.NewHandler(slog.NewJSONHandler(&b, nil), slogtrace.Keep(slog.LevelDebug)), ctx}
			if err := slogtest.TestHandler(h, func() []map[string]any { return lines(t, &b) }); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestIDs(t *testing.T) {
	ctx, root, _ := traced(t)
	in, _ := profiler.Current(ctx)
	inner, p := profiler.Start(ctx, "inner")
	defer p.Stop()
	base, id, innerID := in.BaseID.String(), root.ID().String(), p.ID().String()
	var b bytes.Buffer
	log := slog.New(slogtrace.NewHandler(slogtrace.NewHandler(slog.NewJSONHandler(&b, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return a
		},
	}))))
	for _, c := range []struct {
		do   func()
		want map[string]any
	}{
		{func() { log.Info("a", "k", 1) }, map[string]any{"msg": "a", "k": 1.0}},
		{func() { log.InfoContext(ctx, "b", "k", 1) }, map[string]any{"msg": "b", "k": 1.0, "base_id": base, "point_id": id}},
		{func() { log.With("w", 1).InfoContext(inner, "c") }, map[string]any{"msg": "c", "w": 1.0, "base_id": base, "point_id": innerID}},
		{func() { log.With("w", 1).WithGroup("g").With("x", 2).InfoContext(ctx, "d", "k", 3) },
			map[string]any{"msg": "d", "w": 1.0, "g": map[string]any{"x": 2.0, "k": 3.0}, "base_id": base, "point_id": id}},
		{func() { log.DebugContext(ctx, "too low") }, nil},
	} {
		c.do()
		var want []map[string]any
		if c.want != nil {
			want = append(want, c.want)
		}
		if got := lines(t, &b); !reflect.DeepEqual(got, want) {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}

func TestKeep(t *testing.T) {
	ctx, p, rec := traced(t)
	var b bytes.Buffer
	h := slogtrace.NewHandler(slog.NewJSONHandler(&b, nil), slogtrace.Keep(slog.LevelDebug))
	log := slog.New(h)
	log.DebugContext(ctx, "hidden", "k", 1)
	log.With("w", 1).WithGroup("g").With("x", 2).WarnContext(ctx, "seen", "k", 3)
	log.WithGroup("empty").InfoContext(ctx, "bare")
	log.Debug("untraced")
	log.Log(ctx, slog.LevelDebug-1, "too low")
	if err := h.Handle(ctx, slog.Record{Message: "no time", Level: slog.LevelInfo}); err != nil {
		t.Error(err)
	}
	if log.Enabled(context.Background(), slog.LevelDebug) || !log.Enabled(ctx, slog.LevelDebug) {
		t.Error("enabled for the wrong requests")
	}
	p.Stop()
	if got := lines(t, &b); len(got) != 3 || got[0]["msg"] != "seen" {
		t.Errorf("logged %v", got)
	}
	kept := rec.One(t, "root").Stop["log"].([]any)
	for i, k := range kept {
		entry := k.(map[string]any)
		if when, ok := entry["time"].(string); ok {
			if _, err := time.Parse(time.RFC3339Nano, when); err != nil {
				t.Error(err)
			}
			delete(entry, "time")
		} else if i != 3 {
			t.Errorf("%v has no time", entry)
		}
	}
	want := []any{
		map[string]any{"level": "DEBUG", "message": "hidden", "attributes": map[string]any{"k": 1.0}},
		map[string]any{"level": "WARN", "message": "seen", "attributes": map[string]any{"w": 1.0, "g": map[string]any{"x": 2.0, "k": 3.0}}},
		map[string]any{"level": "INFO", "message": "bare"},
		map[string]any{"level": "INFO", "message": "no time"},
	}
	if !reflect.DeepEqual(kept, want) {
		t.Errorf("kept %v", kept)
	}
}

// TestKeepMasks: what is kept in the trace is masked by name, in groups too, and the
// log is not.
func TestKeepMasks(t *testing.T) {
	ctx, p, rec := traced(t)
	var b bytes.Buffer
	log := slog.New(slogtrace.NewHandler(slog.NewJSONHandler(&b, nil), slogtrace.Keep(slog.LevelInfo)))
	log.With("password", "a").WithGroup("g").InfoContext(ctx, "in", "api_key", "b", "sku", "c")
	p.Stop()
	if got := lines(t, &b)[0]; got["password"] != "a" {
		t.Errorf("logged %v", got)
	}
	entry := rec.One(t, "root").Stop["log"].([]any)[0].(map[string]any)
	kept, _ := entry["attributes"].(map[string]any)
	group, _ := kept["g"].(map[string]any)
	if kept["password"] != layer.Masked || group["api_key"] != layer.Masked || group["sku"] != "c" {
		t.Errorf("kept %v", entry)
	}
}

func TestAllocUntraced(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	ctx := context.Background()
	count := func(h slog.Handler) float64 {
		log := slog.New(h).With("w", 1).WithGroup("g")
		return race.Allocs(100, func() { log.LogAttrs(ctx, slog.LevelInfo, "m", slog.Int("k", 1)) })
	}
	bare := slog.NewJSONHandler(io.Discard, nil)
	if want, got := count(bare), count(slogtrace.NewHandler(bare, slogtrace.Keep(slog.LevelDebug))); got > want {
		t.Errorf("%v allocations, the bare handler %v", got, want)
	}
}

// TestTraceIDs: the ids are those that an OTLP store has, at the top level, and
// nothing is added outside of a trace.
func TestTraceIDs(t *testing.T) {
	svc, _ := profilertest.New(t, "svc")
	base, _ := header.ParseID("4bf92f35-77b3-4da6-a3ce-929d0e0e4736")
	ctx, p := svc.BeginAs(context.Background(), base, profiler.Opening{Name: "root"})
	defer p.Stop()
	id := p.ID().String()
	var b bytes.Buffer
	log := slog.New(slogtrace.NewHandler(slog.NewJSONHandler(&b, nil), slogtrace.TraceIDs()))
	log.InfoContext(ctx, "m")
	log.WithGroup("g").InfoContext(ctx, "m", "a", 1)
	log.InfoContext(context.Background(), "m")
	for i, line := range lines(t, &b) {
		want := []any{"4bf92f3577b34da6a3ce929d0e0e4736", id[19:23] + id[24:], base.String()}
		if i == 2 {
			want = []any{nil, nil, nil}
		}
		if got := []any{line["trace_id"], line["span_id"], line["base_id"]}; !reflect.DeepEqual(got, want) {
			t.Errorf("line %d: %v, want %v", i, got, want)
		}
	}
}
