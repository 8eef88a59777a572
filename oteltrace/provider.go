package oteltrace

import (
	"context"
	"time"

	"github.com/sonde-go/sonde/internal/dbcall"
	"github.com/sonde-go/sonde/profiler"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// NewTracerProvider returns a provider whose spans are trace points of the
// profiler that their context carries. It holds no state, and it, its tracers
// and its spans are safe for concurrent use.
func NewTracerProvider() trace.TracerProvider { return provider{} }

type provider struct{ embedded.TracerProvider }

func (p provider) Tracer(name string, _ ...trace.TracerOption) trace.Tracer {
	return &tracer{scope: name}
}

type tracer struct {
	embedded.Tracer
	scope string
}

// Start implements [trace.Tracer].
func (t *tracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	if ctx == nil {
		ctx = context.Background()
	}
	if profiler.Active(ctx) {
		return t.start(ctx, name, opts)
	}
	return passOn(ctx)
}

func (t *tracer) start(ctx context.Context, name string, opts []trace.SpanStartOption) (context.Context, trace.Span) {
	outer := trace.SpanFromContext(ctx)
	call := dbcall.From(ctx)
	if q := t.queryOfRows(outer, call, name); q != nil && q.addRows() {
		r := &rowsSpan{query: q}
		return trace.ContextWithSpan(ctx, r), r
	}
	cfg := trace.NewSpanStartConfig(opts...)
	s := &span{
		tracer: t, name: name, kind: trace.ValidateSpanKind(cfg.SpanKind()),
		started: cfg.Timestamp(), attributes: cfg.Attributes(), links: cfg.Links(),
		foreign: foreign(outer), call: call, Context: ctx,
	}
	if s.started.IsZero() {
		s.started = time.Now()
	}
	s.links = s.links[:min(len(s.links), maxLinks)]
	if call != nil && call.Span == nil {
		call.Span = s
	}
	if s.waits() {
		return trace.ContextWithSpan(s, s), s
	}
	return trace.ContextWithSpan(s.open(), s), s
}

// foreign is the identity that outer has from another provider.
func foreign(outer trace.Span) trace.SpanContext {
	switch o := outer.(type) {
	case *span:
		return o.foreign
	case *rowsSpan:
		return o.query.foreign
	}
	return outer.SpanContext().WithRemote(false)
}

// queryOfRows returns the query whose rows a new span is about, nil if it is
// about anything else. otelsql makes it beside the query's span, or below it if
// it is told so.
func (t *tracer) queryOfRows(outer trace.Span, call *dbcall.Call, name string) *span {
	o, _ := outer.(*span)
	if o != nil && t.scope == otelsqlScope && name == otelsqlRows {
		if _, isQuery := statement(o.attributes); isQuery {
			return o
		}
	}
	if call == nil {
		return nil
	}
	if q, _ := call.Span.(*span); q != o {
		return q
	}
	return nil
}

// passOn returns a span that records nothing and has the identity of the one
// that ctx holds already.
func passOn(ctx context.Context) (context.Context, trace.Span) {
	outer := trace.SpanFromContext(ctx)
	if !outer.IsRecording() {
		return ctx, outer
	}
	ctx = trace.ContextWithSpanContext(ctx, outer.SpanContext())
	return ctx, trace.SpanFromContext(ctx)
}
