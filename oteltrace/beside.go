package oteltrace

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"

	"github.com/sonde-go/sonde/profiler"
)

// startNext starts the span of the provider beside, or returns nil if there is
// none.
func (t *tracer) startNext(ctx context.Context, name string, opts []trace.SpanStartOption) (context.Context, trace.Span) {
	if t.next == nil {
		return ctx, nil
	}
	return t.next.Start(ctx, name, opts...)
}

// passOn starts a span that is not a point: that of the provider beside, or else
// one that records nothing and has the identity of the span in ctx.
func (t *tracer) passOn(ctx context.Context, name string, opts []trace.SpanStartOption) (context.Context, trace.Span) {
	if t.next != nil {
		return t.next.Start(ctx, name, opts...)
	}
	outer := trace.SpanFromContext(ctx)
	if !outer.IsRecording() {
		return ctx, outer
	}
	ctx = trace.ContextWithSpanContext(ctx, outer.SpanContext())
	return ctx, trace.SpanFromContext(ctx)
}

// share starts a span whose point another layer has already opened.
func (t *tracer) share(ctx context.Context, name string, opts []trace.SpanStartOption) (context.Context, trace.Span) {
	s := shared{Span: trace.SpanFromContext(context.Background()), provider: t.provider, id: foreign(trace.SpanFromContext(ctx))}
	if !s.id.IsValid() {
		s.id = identity(ctx)
	}
	return t.beside(ctx, name, opts, s)
}

// beside starts the other provider's span around one of ours.
func (t *tracer) beside(ctx context.Context, name string, opts []trace.SpanStartOption, s trace.Span) (context.Context, trace.Span) {
	ctx, next := t.startNext(ctx, name, opts)
	s = withNext(s, next)
	return trace.ContextWithSpan(ctx, s), s
}

// shared is a span that records nothing here.
type shared struct {
	trace.Span // does nothing
	provider   *provider
	id         trace.SpanContext
}

func (s shared) SpanContext() trace.SpanContext { return s.id }

func (s shared) TracerProvider() trace.TracerProvider { return s.provider }

// identity is the innermost point in ctx in OpenTelemetry's terms.
func identity(ctx context.Context) trace.SpanContext {
	p := profiler.TraceParent(ctx)
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: p.Trace, SpanID: p.Span, TraceFlags: trace.TraceFlags(p.Flags)})
}

// both is a span of two providers.
type both struct {
	embedded.Span
	own, next trace.Span
}

func withNext(own, next trace.Span) trace.Span {
	if next == nil {
		return own
	}
	return &both{own: own, next: next}
}

// ours splits a span of two providers; next is nil for any other span.
func ours(s trace.Span) (own, next trace.Span) {
	if b, ok := s.(*both); ok {
		return b.own, b.next
	}
	return s, nil
}

// End ends both. Each of them sees a panic that passes, as if its End had been
// deferred itself.
func (b *both) End(opts ...trace.SpanEndOption) {
	defer b.next.End(opts...)
	defer b.own.End(opts...)
	if v := recover(); v != nil {
		panic(v)
	}
}

func (b *both) AddEvent(name string, opts ...trace.EventOption) {
	b.own.AddEvent(name, opts...)
	b.next.AddEvent(name, opts...)
}

func (b *both) AddLink(l trace.Link) {
	b.own.AddLink(l)
	b.next.AddLink(l)
}

func (b *both) RecordError(err error, opts ...trace.EventOption) {
	b.own.RecordError(err, opts...)
	b.next.RecordError(err, opts...)
}

func (b *both) SetStatus(code codes.Code, description string) {
	b.own.SetStatus(code, description)
	b.next.SetStatus(code, description)
}

func (b *both) SetName(name string) {
	b.own.SetName(name)
	b.next.SetName(name)
}

func (b *both) SetAttributes(kv ...attribute.KeyValue) {
	b.own.SetAttributes(kv...)
	b.next.SetAttributes(kv...)
}

func (b *both) IsRecording() bool { return b.own.IsRecording() || b.next.IsRecording() }

func (b *both) SpanContext() trace.SpanContext { return b.next.SpanContext() }

func (b *both) TracerProvider() trace.TracerProvider { return b.own.TracerProvider() }
