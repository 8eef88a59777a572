package profiler_test

import (
	"errors"
	"log/slog"
	"reflect"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

type credentials struct {
	User     string            `json:"user"`
	Password string            `json:"password"`
	Nested   []map[string]any  `json:"nested"`
	Headers  map[string]string `json:"headers"`
}

// TestMask: in a program's own attributes, wherever they are given, the values
// under the names of secrets are not stored. A layer's are.
func TestMask(t *testing.T) {
	give := []slog.Attr{
		slog.String("token", "x1"), slog.String("sort_key", "shown"),
		slog.Group("user", slog.String("password", "x2"), slog.Int("session", 3)),
		slog.Any("all", credentials{"bob", "x4", []map[string]any{{"apiKey": "x5", "n": 1}}, map[string]string{"Authorization": "x6", "Accept": "any"}}),
		slog.String("store", "redis://:x7@h/0?pwd=x8"),
	}
	want := map[string]any{
		"token": "***", "sort_key": "shown", "user": map[string]any{"password": "***", "session": "***"},
		"all": map[string]any{"user": "bob", "password": "***", "nested": []any{map[string]any{"apiKey": "***", "n": 1.0}},
			"headers": map[string]any{"Authorization": "***", "Accept": "any"}},
		"store": "redis://***@h/0?pwd=***",
	}
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"}, give...)
	_, added := profiler.Start(ctx, "added")
	added.Add(give...)
	added.Append("log", give...)
	added.Stop()
	_, of := profiler.Open(ctx, profiler.Opening{Name: "layer", Layer: layer.SQL}, slog.Int("token", 7))
	of.End(profiler.Ending{Group: "db", Err: errors.New("at https://u:x@h/")}, slog.Int("session", 8))
	root.Stop(give...)

	log := []any{want}
	for what, pair := range map[string][2]any{
		"start": {rec.One(t, "root").Start, want},
		"stop":  {rec.One(t, "root").Stop, want},
		"added": {rec.One(t, "added").Stop, map[string]any{"token": "***", "sort_key": "shown", "user": want["user"], "all": want["all"], "store": want["store"], "log": log}},
		"layer": {rec.One(t, "layer").Start, map[string]any{"db": map[string]any{"token": 7.0}}},
		"layer's stop": {rec.One(t, "layer").Stop, map[string]any{"db": map[string]any{"session": 8.0},
			"etype": "errors.errorString", "message": "at https://***@h/"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestMaskNone(t *testing.T) {
	svc, rec := profilertest.New(t, "test", func(c *profiler.Config) { c.Mask = layer.MaskNone() })
	_, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"}, slog.String("token", "shown"))
	root.Stop()
	if got := rec.One(t, "root").Start["token"]; got != "shown" {
		t.Error(got)
	}
}
