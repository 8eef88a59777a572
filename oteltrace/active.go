package oteltrace

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// SpanContext returns the innermost point in ctx as a span of OpenTelemetry, for what
// takes one: exemplars of metrics, for instance, in code that only Sonde's own layers
// trace. It is not valid if ctx carries no trace.
//
//	latency.Record(trace.ContextWithSpanContext(ctx, oteltrace.SpanContext(ctx)), seconds)
//
// A span that was started with this package's provider has that identity already.
func SpanContext(ctx context.Context) trace.SpanContext {
	if !profiler.Active(ctx) {
		return trace.SpanContext{}
	}
	return identity(ctx)
}

// ActiveSpan returns the span of another provider, such as OpenTelemetry's SDK, that
// ctx carries, or the zero TraceParent if it carries none. It is what
// profiler.Config.ActiveSpan takes: the point of a request then has a link to the
// span that OpenTelemetry has for it.
func ActiveSpan(ctx context.Context) header.TraceParent {
	span := trace.SpanFromContext(ctx)
	c := foreign(span)
	if !c.IsValid() {
		return header.TraceParent{}
	}
	return header.TraceParent{Trace: c.TraceID(), Span: c.SpanID(), Flags: byte(c.TraceFlags())}
}
