package main

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/openzipkin/zipkin-go"
	"github.com/sonde-go/sonde/profiler"
	"go.elastic.co/apm/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

func sondePoint(ctx context.Context) (context.Context, profiler.Point) {
	return profiler.Start(ctx, "price", slog.String("sku", "1234-5678"), slog.Int("count", 3), slog.Bool("fresh", true))
}

func otelSpan(ctx context.Context, t trace.Tracer) (context.Context, trace.Span) {
	return t.Start(ctx, "price", trace.WithAttributes(attribute.String("sku", "1234-5678"), attribute.Int("count", 3), attribute.Bool("fresh", true)))
}

func pointRows() []row {
	svc, provider := newService(), newOTel(true)
	ctx := begun(svc)
	otelTracer, apms, zip, never := provider.Tracer("bench"), newElastic(), newZipkin(true), newZipkin(false)
	off := noop.NewTracerProvider().Tracer("bench")
	bg := context.WithValue(context.Background(), row{}.name, 1)
	return []row{
		{
			name: "own point, traced", budget: 420, allocs: 2,
			sonde: flushed(within(ctx, func(ctx context.Context) { _, p := sondePoint(ctx); p.Stop() }), svc.Flush),
			least: each(leastPoint()),
			peers: peers{
				otel:       flushed(each(func() { _, s := otelSpan(bg, otelTracer); s.End() }), provider.ForceFlush),
				dd:         datadog(inTraces(datadogTrace)),
				elasticAPM: elastic(apms, inTraces(func(n int) { elasticTrace(apms, n) })),
				zipkinGo:   inTraces(func(n int) { zipkinTrace(zip, n) }),
			},
		},
		{
			name: "own point, five nested, traced", budget: 5 * 420, allocs: 10,
			sonde: flushed(within(ctx, func(ctx context.Context) { sondeNested(ctx, 5) }), svc.Flush),
			peers: peers{otel: flushed(each(func() { otelNested(bg, otelTracer, 5) }), provider.ForceFlush)},
		},
		{
			name: "own point, traced, on two goroutines", budget: 480, allocs: 2,
			sonde: flushed(twice(func() { sondeTrace(svc) }), svc.Flush),
			peers: peers{otel: flushed(twice(func() { otelTrace(otelTracer) }), provider.ForceFlush)},
		},
		{
			name: "own point, no profiler", off: true, budget: 20,
			sonde: each(func() { _, p := sondePoint(bg); p.Stop() }),
			peers: peers{
				otel:       each(func() { _, s := otelSpan(bg, off); s.End() }),
				elasticAPM: each(func() { s, _ := apm.StartSpan(bg, "price", "app"); s.End() }),
				zipkinGo:   each(func() { s, _ := never.StartSpanFromContext(bg, "price"); s.Finish() }),
			},
		},
	}
}

func sondeNested(ctx context.Context, depth int) {
	if depth > 0 {
		ctx, p := sondePoint(ctx)
		sondeNested(ctx, depth-1)
		p.Stop()
	}
}

func otelNested(ctx context.Context, t trace.Tracer, depth int) {
	if depth > 0 {
		ctx, s := otelSpan(ctx, t)
		otelNested(ctx, t, depth-1)
		s.End()
	}
}

// pointsPerTrace is how many points twice counts for one call of its function.
const pointsPerTrace = 64

func sondeTrace(svc *profiler.Service) {
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	for range pointsPerTrace - 1 {
		_, p := sondePoint(ctx)
		p.Stop()
	}
	root.Stop()
}

func otelTrace(t trace.Tracer) {
	ctx, root := t.Start(context.Background(), "root")
	for range pointsPerTrace - 1 {
		_, s := otelSpan(ctx, t)
		s.End()
	}
	root.End()
}

// inTraces makes points in traces of pointsPerTrace, for peers that send a trace when
// its root ends. The root counts as a point.
func inTraces(trace func(points int)) op {
	return func(n int) {
		for ; n > 0; n -= pointsPerTrace {
			trace(min(n, pointsPerTrace))
		}
	}
}

func datadogTrace(points int) {
	root, ctx := tracer.StartSpanFromContext(context.Background(), "root")
	for range points - 1 {
		s, _ := tracer.StartSpanFromContext(ctx, "price", tracer.Tag("sku", "1234-5678"), tracer.Tag("count", 3), tracer.Tag("fresh", true))
		s.Finish()
	}
	root.Finish()
}

func elasticTrace(t *apm.Tracer, points int) {
	tx := t.StartTransaction("root", "request")
	ctx := apm.ContextWithTransaction(context.Background(), tx)
	for range points - 1 {
		s, _ := apm.StartSpan(ctx, "price", "app")
		s.Context.SetLabel("sku", "1234-5678")
		s.Context.SetLabel("count", 3)
		s.Context.SetLabel("fresh", true)
		s.End()
	}
	tx.End()
}

func zipkinTrace(t *zipkin.Tracer, points int) {
	root, ctx := t.StartSpanFromContext(context.Background(), "root")
	for range points - 1 {
		s, _ := t.StartSpanFromContext(ctx, "price")
		s.Tag("sku", "1234-5678")
		s.Tag("count", "3")
		s.Tag("fresh", "true")
		s.Finish()
	}
	root.Finish()
}

// leastPoint does what a point cannot do without: an id, two readings of the clock,
// and as many bytes of two records, which are ready.
func leastPoint() func() {
	start := []byte(`{"name":"price-start","base_id":"b0a8b7d4-2f5f-4a5e-9d1c-1f8f6e6a5f01","trace_id":"","parent_id":"b0a8b7d4-2f5f-4a5e-9d1c-1f8f6e6a5f01","timestamp":"2026-01-02T03:04:05.000006","info":{"sku":"1234-5678","count":3,"fresh":true,"host":"host-a"},"project":"shop","service":"api"}`)
	stop := []byte(`{"name":"price-stop","base_id":"b0a8b7d4-2f5f-4a5e-9d1c-1f8f6e6a5f01","trace_id":"","parent_id":"b0a8b7d4-2f5f-4a5e-9d1c-1f8f6e6a5f01","timestamp":"2026-01-02T03:04:05.000007","info":{"host":"host-a"},"project":"shop","service":"api"}`)
	buf, began := make([]byte, 0, 1<<16), time.Now()
	return func() {
		if cap(buf)-len(buf) < len(start)+len(stop)+64 {
			buf = buf[:0]
		}
		high, low := rand.Uint64(), rand.Uint64()
		for _, record := range [2][]byte{start, stop} {
			buf = append(buf, record...)
			buf = binary.LittleEndian.AppendUint64(buf, uint64(time.Since(began)))
			buf = binary.LittleEndian.AppendUint64(buf, high)
			buf = binary.LittleEndian.AppendUint64(buf, low)
		}
	}
}

// twice spreads the operations over two goroutines, each with traces of its
// own.
func twice(f func()) op {
	return func(n int) {
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for range max(n/2/pointsPerTrace, 1) {
					f()
				}
			})
		}
		wg.Wait()
	}
}
