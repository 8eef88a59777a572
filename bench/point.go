package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/sonde-go/sonde/profiler"
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
	ctx, _ := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	tracer := provider.Tracer("bench")
	off := noop.NewTracerProvider().Tracer("bench")
	bg := context.WithValue(context.Background(), row{}.name, 1)
	return []row{
		{
			name: "own point, traced", budget: 420, allocs: 2,
			sonde: flushed(each(func() { _, p := sondePoint(ctx); p.Stop() }), svc.Flush),
			otel:  flushed(each(func() { _, s := otelSpan(bg, tracer); s.End() }), provider.ForceFlush),
		},
		{
			name: "own point, five nested, traced", budget: 5 * 420, allocs: 10,
			sonde: flushed(each(func() { sondeNested(ctx, 5) }), svc.Flush),
			otel:  flushed(each(func() { otelNested(bg, tracer, 5) }), provider.ForceFlush),
		},
		{
			name: "own point, traced, on two goroutines", budget: 480, allocs: 2,
			sonde: flushed(twice(func() { sondeTrace(svc) }), svc.Flush),
			otel:  flushed(twice(func() { otelTrace(tracer) }), provider.ForceFlush),
		},
		{
			name: "own point, no profiler", budget: 20,
			sonde: each(func() { _, p := sondePoint(bg); p.Stop() }),
			otel:  each(func() { _, s := otelSpan(bg, off); s.End() }),
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
