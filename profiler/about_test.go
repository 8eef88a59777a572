package profiler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// TestKinds: a record says the kind of its point where the layer does not imply
// it, and OSProfiler's groups stay as they are.
func TestKinds(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	topic := slog.String("topic", "t")
	toy := &layer.Layer{Group: "toy", Kind: layer.Producer}
	for name, c := range map[string]struct {
		o    profiler.Opening
		want string
	}{
		"own":      {profiler.Opening{}, `{"topic":"t","sonde":{"kind":"internal"},"host":"host-a"}`},
		"own_job":  {profiler.Opening{Kind: layer.Consumer}, `{"topic":"t","sonde":{"kind":"consumer"},"host":"host-a"}`},
		"http":     {profiler.Opening{Layer: layer.HTTPServer}, `{"request":{"topic":"t"},"host":"host-a"}`},
		"db":       {profiler.Opening{Layer: layer.SQL, Kind: layer.Client}, `{"db":{"topic":"t"},"host":"host-a"}`},
		"rpc":      {profiler.Opening{Layer: layer.GRPC, Kind: layer.Client}, `{"grpc":{"topic":"t"},"sonde":{"kind":"client"},"host":"host-a"}`},
		"odd":      {profiler.Opening{Layer: layer.SQL, Kind: layer.Internal}, `{"db":{"topic":"t"},"sonde":{"kind":"internal"},"host":"host-a"}`},
		"toy":      {profiler.Opening{Layer: toy}, `{"toy":{"topic":"t"},"sonde":{"layer":{"group":"toy","kind":"producer"}},"host":"host-a"}`},
		"toy_kind": {profiler.Opening{Layer: toy, Kind: layer.Client}, `{"toy":{"topic":"t"},"sonde":{"kind":"client","layer":{"group":"toy","kind":"producer"}},"host":"host-a"}`},
		"top":      {profiler.Opening{Layer: layer.SQL, Top: []slog.Attr{slog.Int("a", 1)}}, `{"db":{"topic":"t"},"a":1,"host":"host-a"}`},
		"no_kind":  {profiler.Opening{Kind: 99}, `{"topic":"t","host":"host-a"}`},
	} {
		c.o.Name = name
		_, p := s.Begin(context.Background(), c.o, topic)
		p.Stop()
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		if e := sink.find(t, name+"-start"); string(e.Info()) != c.want {
			t.Errorf("%s: %s, want %s", name, e.Info(), c.want)
		}
		if e := sink.find(t, name+"-stop"); string(e.Info()) != `{"host":"host-a"}` {
			t.Errorf("%s: the stop says %s", name, e.Info())
		}
	}
}

// TestLayerIsDescribedOnce for each trace, however many of its points there are.
func TestLayerIsDescribedOnce(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	toy := &layer.Layer{Group: "toy", Label: "{toy.topic}"}
	for range 2 {
		ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
		for range 3 {
			_, p := profiler.Open(ctx, profiler.Opening{Name: "send", Layer: toy, Kind: layer.Producer})
			p.Stop()
		}
		root.Stop()
	}
	mustClose(t, s)
	described := 0
	for _, e := range sink.all() {
		if strings.Contains(string(e.Info()), `"layer":{"group":"toy","label":"{toy.topic}"}`) {
			described++
		}
		if !json.Valid(e.Info()) {
			t.Errorf("%s", e.Info())
		}
	}
	if described != 2 {
		t.Errorf("described %d times in two traces", described)
	}
}

// TestLayerThatCannotBeDescribed is logged once, and its points are recorded.
func TestLayerThatCannotBeDescribed(t *testing.T) {
	var log bytes.Buffer
	sink := &store{}
	s := newService(t, sink, func(c *profiler.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	bad := &layer.Layer{Group: "toy", Label: strings.Repeat("x", 1000)}
	for range 3 {
		_, p := s.Begin(context.Background(), profiler.Opening{Name: "send", Layer: bad})
		p.Stop()
	}
	mustClose(t, s)
	if n := strings.Count(log.String(), "\n"); n != 1 || len(sink.all()) != 6 {
		t.Errorf("%d records, logged: %s", len(sink.all()), log.String())
	}
}
