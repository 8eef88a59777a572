package profiler

import (
	"context"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/otelid"
)

// TraceParent returns the ids that OpenTelemetry's programs and stores have for the
// trace that ctx carries and for the innermost point in ctx, or the zero TraceParent if
// ctx carries no trace. They are those of the spans that an OTLP store gets, so that
// logs and metrics can name them: see [header.TraceParent.TraceID].
func TraceParent(ctx context.Context) header.TraceParent {
	if n := current(ctx); n != nil {
		return n.traceParent()
	}
	return header.TraceParent{}
}

// traceParent is the point as OpenTelemetry's programs know it, and its trace.
func (n *node) traceParent() header.TraceParent {
	return header.TraceParent{Trace: otelid.TraceID(n.trace.base), Span: otelid.SpanID(n.id()), Flags: 1}
}

// link is the member of info.sonde that says in which trace of OpenTelemetry's a
// request runs whose context is ctx, with a comma behind; "" if it runs in none, or in
// its own.
func (in *Incoming) link(ctx context.Context) string {
	to := in.svc.active(ctx)
	if to == (header.TraceParent{}) {
		to, _ = header.ParseTraceParent(in.with)
	}
	if to == (header.TraceParent{}) || to.Trace == otelid.TraceID(in.info.BaseID) {
		return ""
	}
	return `"traceparent":"` + to.String() + `",`
}

// active asks Config.ActiveSpan. If that panics, there is no span.
func (s *Service) active(ctx context.Context) (span header.TraceParent) {
	if s.activeSpan == nil {
		return span
	}
	defer func() {
		if recover() != nil {
			s.panics.Add(1)
			span = header.TraceParent{}
		}
	}()
	return s.activeSpan(ctx)
}
