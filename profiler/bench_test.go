package profiler_test

import (
	"context"
	"log/slog"
	"math"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/record"
)

// encodeSink serialises what it gets and throws it away.
type encodeSink struct{ buf []byte }

func (s *encodeSink) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		s.buf = events[i].AppendJSON(s.buf[:0])
	}
	return nil
}

func benchService(b *testing.B, change ...func(*profiler.Config)) *profiler.Service {
	b.Helper()
	keys, err := header.ParseKeys("a key for benchmarks")
	if err != nil {
		b.Fatal(err)
	}
	c := profiler.Config{
		Name: "api", Project: "shop", Host: "host-a", Keys: keys, Sink: &encodeSink{},
		Limits: profiler.LimitConfig{
			NewTraces: math.MaxInt, Arrivals: math.MaxInt, TracePoints: math.MaxInt, TraceBytes: math.MaxInt,
		},
	}
	for _, f := range change {
		f(&c)
	}
	s, err := profiler.New(c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			b.Error(err)
		}
		st := s.Stats()
		b.ReportMetric(float64(st.Dropped.Total())/float64(max(st.Recorded, 1)), "lost/record")
	})
	return s
}

func point(ctx context.Context) context.Context {
	ctx, p := profiler.Start(ctx, "price", slog.String("sku", "1234-5678"), slog.Int("count", 3), slog.Bool("fresh", true))
	p.Stop()
	return ctx
}

// BenchmarkCallSite: a call with and without the place that made it.
func BenchmarkCallSite(b *testing.B) {
	for name, on := range map[string]bool{"on": true, "off": false} {
		b.Run(name, func(b *testing.B) {
			ctx, p := benchService(b, func(c *profiler.Config) { c.CallSites = on }).Begin(context.Background(), profiler.Opening{Name: "root"})
			defer p.Stop()
			b.ReportAllocs()
			for b.Loop() {
				_, p := profiler.Open(ctx, profiler.Opening{Name: "db", Layer: layer.SQL}, slog.String("statement", "SELECT 1"))
				p.Stop()
			}
		})
	}
}

func BenchmarkPointTraced(b *testing.B) {
	ctx, p := benchService(b).Begin(context.Background(), profiler.Opening{Name: "root"})
	defer p.Stop()
	b.ReportAllocs()
	for b.Loop() {
		point(ctx)
	}
}

func BenchmarkPointTracedFiveNested(b *testing.B) {
	ctx, p := benchService(b).Begin(context.Background(), profiler.Opening{Name: "root"})
	defer p.Stop()
	b.ReportAllocs()
	for b.Loop() {
		c := ctx
		for range 5 {
			c = point(c)
		}
	}
}

func BenchmarkPointTracedParallel(b *testing.B) {
	s := benchService(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		ctx, p := s.Begin(context.Background(), profiler.Opening{Name: "root"})
		defer p.Stop()
		for pb.Next() {
			point(ctx)
		}
	})
}

func BenchmarkPointUntraced(b *testing.B) {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, 1)
	b.ReportAllocs()
	for b.Loop() {
		point(ctx)
	}
}

// BenchmarkRequest serves requests of one trace, all with the same headers, and of as
// many that the tables of the limits hold but a part.
func BenchmarkRequest(b *testing.B) {
	b.Run("one trace", func(b *testing.B) { requests(b, 1) })
	b.Run("many traces", func(b *testing.B) { requests(b, 20_000) })
}

func requests(b *testing.B, traces int) {
	s := benchService(b)
	h := make([]profilertest.Headers, traces)
	for i := range h {
		h[i] = profilertest.Headers{}
		mustSign(b).Write(h[i])
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		in := s.Receive(context.Background(), profiler.Arrival{Layer: "http", Kind: layer.Server}, h[i%traces])
		if !in.Traced() {
			b.Fatal("not traced")
		}
		_, p := in.Open(context.Background(), profiler.Opening{Name: "http", Layer: layer.HTTPServer},
			slog.String("path", "/checkout"), slog.String("query", ""), slog.String("method", "GET"), slog.String("scheme", "http"))
		p.Stop(slog.Int("status", 200))
	}
}

func mustSign(tb testing.TB) header.Signed {
	keys, err := header.ParseKeys("a key for benchmarks")
	if err != nil {
		tb.Fatal(err)
	}
	id := header.NewID()
	return keys.Primary().Sign(header.Info{BaseID: id, ParentID: id})
}

func BenchmarkAppendRecord(b *testing.B) {
	e := record.New(record.Fields{
		Name: "http", Trace: header.NewID(), Parent: header.NewID(), Point: header.NewID(),
		Time: 1795340000123456789, Project: "shop", Service: "api",
		Info: []byte(`{"request":{"path":"/checkout","query":"","method":"GET","scheme":"http"},"host":"host-a"}`),
	})
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSON(buf[:0])
	}
}
