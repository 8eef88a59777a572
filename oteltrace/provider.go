package oteltrace

import (
	"context"
	"time"

	"github.com/sonde-go/sonde/internal/dbcall"
	"github.com/sonde-go/sonde/oteltrace/internal/otelattr"
	"github.com/sonde-go/sonde/profiler"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// ProviderOption configures [NewTracerProvider].
type ProviderOption func(*provider)

// Beside also starts every span with next, so that the program's exporter goes on
// working as before. A span that is not a point is next's alone, at no extra cost.
// The identity that spans pass on is next's.
func Beside(next trace.TracerProvider) ProviderOption {
	return func(p *provider) { p.next = next }
}

// NewTracerProvider returns a provider whose spans are points of the trace that
// their context carries. It, its tracers and its spans are safe for concurrent use.
func NewTracerProvider(opts ...ProviderOption) trace.TracerProvider {
	p := &provider{}
	for _, opt := range opts {
		opt(p)
	}
	return p
}

type provider struct {
	embedded.TracerProvider
	next trace.TracerProvider // nil: none
}

func (p *provider) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	t := &tracer{scope: name, provider: p}
	if p.next != nil {
		t.next = p.next.Tracer(name, opts...)
	}
	return t
}

type tracer struct {
	embedded.Tracer
	scope    string
	provider *provider
	next     trace.Tracer // of the provider beside, nil if there is none
}

// Start implements [trace.Tracer].
func (t *tracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	if ctx == nil {
		ctx = context.Background()
	}
	a := arrivalIn(ctx)
	if a == nil && !profiler.Active(ctx) {
		return t.passOn(ctx, name, opts)
	}
	return t.start(ctx, name, a, opts)
}

// start starts a span in a context that carries a trace, or that is a's.
func (t *tracer) start(ctx context.Context, name string, a *arrived, opts []trace.SpanStartOption) (context.Context, trace.Span) {
	cfg := trace.NewSpanStartConfig(opts...)
	kind := trace.ValidateSpanKind(cfg.SpanKind())
	attributes := cfg.Attributes()
	var in profiler.Incoming
	if receives := kind == trace.SpanKindServer || kind == trace.SpanKindConsumer; receives && a.take() {
		in = a.svc.Receive(ctx, t.arrivalOf(name, kind, attributes), a)
	}
	switch {
	case in.Traced():
	case !profiler.Active(ctx):
		return t.passOn(in.Pass(ctx), name, opts)
	case in.Repeated() || t.hasPoint(ctx, kind, attributes):
		return t.share(ctx, name, opts)
	}

	outer, _ := ours(trace.SpanFromContext(ctx))
	call := dbcall.From(ctx)
	if q := t.queryOfRows(outer, call, name); q != nil && q.addRows() {
		return t.beside(ctx, name, opts, &rowsSpan{query: q})
	}
	ctx, next := t.startNext(ctx, name, opts)
	s := &span{
		tracer: t, name: name, kind: kind, started: cfg.Timestamp(), attributes: attributes, links: valid(cfg.Links()),
		in: in, foreign: foreign(trace.SpanFromContext(ctx)), call: call, Context: ctx,
	}
	if s.started.IsZero() {
		s.started = time.Now()
	}
	s.links = s.links[:min(len(s.links), maxLinks)]
	if call != nil && call.Span == nil {
		call.Span = s
	}
	inner := context.Context(s)
	if !s.waits() {
		inner = s.open()
	}
	both := withNext(s, next)
	return trace.ContextWithSpan(inner, both), both
}

// foreign is the identity that outer has from another provider.
func foreign(outer trace.Span) trace.SpanContext {
	own, next := ours(outer)
	if next != nil {
		return next.SpanContext()
	}
	switch o := own.(type) {
	case *span:
		return o.foreign
	case *rowsSpan:
		return o.query.foreign
	case shared:
		return trace.SpanContext{}
	}
	return outer.SpanContext().WithRemote(false)
}

// queryOfRows returns the query whose rows a new span reads, or nil if the span is
// about anything else. otelsql starts it beside the query's span, or below it if
// configured so.
func (t *tracer) queryOfRows(outer trace.Span, call *dbcall.Call, name string) *span {
	o, _ := outer.(*span)
	if o != nil && t.scope == otelsqlScope && name == otelsqlRows {
		if _, isQuery := otelattr.Statement(o.attributes); isQuery {
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
