package profiler_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// slow is a value that is found only by calling a method.
type slow struct{ v slog.Value }

func (s slow) LogValue() slog.Value { return s.v }

// slowly returns attrs with such values, so that encoding them calls code of the
// program's.
func slowly(attrs []slog.Attr) []slog.Attr {
	slower := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		slower[i] = slog.Any(a.Key, slow{a.Value})
	}
	return slower
}

// TestPlainIsWrittenAlike: attributes that are written straight into the trace's
// memory, and those that are encoded beside it, become the same text, in chunks that
// are new, that grow and that are full.
func TestPlainIsWrittenAlike(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	at := time.Now()
	long := strings.Repeat("é\x00", 3000)
	keys := []slog.Attr{slog.Int("", 1), slog.Int("host", 1), slog.Int("sonde", 1), slog.Int(long, 1)}
	for i := range 300 { // more than are remembered
		keys = append(keys, slog.Int(fmt.Sprint("key", i), i), slog.String(fmt.Sprint("token", i), "secret"))
	}
	for name, attrs := range map[string][]slog.Attr{
		"none":    nil,
		"numbers": {slog.Float64("a", math.NaN()), slog.Float64("b", math.Inf(-1)), slog.Int("c", math.MinInt64), slog.Uint64("d", math.MaxUint64)},
		"times":   {slog.Time("a", at), slog.Duration("b", -1), slog.Bool("c", true)},
		"texts":   {slog.String("a", long), slog.String("b", "https://user:word@host/?token=1"), slog.String("c", "\xff\"\\\n")},
		"secrets": {slog.String("password", "a"), slog.Int("apiKey", 1)},
		"same":    {slog.Int("a", 1), slog.Int("a", 2)},
		"keys":    keys,
		"full":    {slog.String("a", strings.Repeat(long, 3)), slog.String("b", "left out")},
	} {
		for _, l := range []*layer.Layer{nil, layer.SQL} {
			ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
			var points [2]profiler.Point
			for i, given := range [][]slog.Attr{attrs, slowly(attrs)} {
				for range 40 {
					_, points[i] = profiler.Open(ctx, profiler.Opening{Name: "a-é", Layer: l, Time: at}, given...)
					points[i].End(profiler.Ending{Time: at}, given...)
				}
			}
			root.Stop()
			if err := s.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			var texts [2][]byte // of the last point's two records, without its id
			for i, p := range points {
				for _, e := range sink.all() {
					if e.Point() == p.ID() {
						texts[i] = append(texts[i], bytes.ReplaceAll(e.JSON(), []byte(p.ID().String()), nil)...)
					}
				}
			}
			if len(texts[0]) == 0 || !bytes.Equal(texts[0], texts[1]) {
				t.Errorf("%s:\n%.3000s\n%.3000s", name, texts[0], texts[1])
			}
		}
	}
}

// FuzzRecord: what a point writes is what is written field by field, whatever its
// name, its attributes and the ids of its trace are.
func FuzzRecord(f *testing.F) {
	f.Add("db", "b0000000-0000-4000-8000-000000000000", "key", "value", 1.5, int64(1))
	f.Add("-\xff\"", "REQ_1", "host", "\xff\x00é🎉://a:b@c", math.NaN(), int64(-1)<<60)
	f.Add("", "B0000000-0000-4000-8000-000000000000", "", strings.Repeat("\x01", 5000), math.Inf(1), int64(1)<<60)
	sink := &store{}
	keep := newService(f, sink)
	f.Fuzz(func(t *testing.T, name, trace, key, value string, number float64, at int64) {
		id, err := header.ParseID(trace)
		if err != nil {
			t.Skip()
		}
		plain := []slog.Attr{slog.String(key, value), slog.Float64(value, number), slog.Time("at", time.Unix(0, at))}
		foreign := append(slowly(plain), slog.Group(key, slog.Any(name, map[string]any{key: []string{value}})))
		ctx, root := keep.BeginAs(context.Background(), id, profiler.Opening{Name: name, Top: plain, Layer: &layer.Layer{Group: key}}, plain...)
		_, p := profiler.Start(ctx, value, foreign...)
		p.Stop(plain...)
		root.Stop(foreign...)
		if err := keep.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		sink.mu.Lock()
		events := sink.events
		sink.events = nil
		sink.mu.Unlock()
		if len(events) != 4 {
			t.Fatalf("%d records", len(events))
		}
		for i := range events {
			e := &events[i]
			if again := record.New(e.Fields()); !bytes.Equal(again.JSON(), e.AppendNumbered(nil)) {
				t.Fatalf("%s\nsays %+v", e.JSON(), e.Fields())
			}
			r, err := record.Parse(e.JSON())
			if err != nil {
				t.Fatal(err)
			}
			if info(t, e); r.Trace != trace || r.Name != e.RecordName() || r.Point != e.Point().String() || r.Parent != e.Parent().String() || *r.Host != "host-a" {
				t.Fatalf("%s\nis read as %+v", e.JSON(), r)
			}
		}
	})
}
