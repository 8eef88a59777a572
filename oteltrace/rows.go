package oteltrace

import (
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// rowsSpan is the span of reading a query's rows, which is part of the query's
// point.
type rowsSpan struct {
	embedded.Span
	query *span
	ended atomic.Bool
}

func (r *rowsSpan) End(opts ...trace.SpanEndOption) {
	if !r.ended.Swap(true) {
		cfg := trace.NewSpanEndConfig(opts...)
		r.query.rowsDone(cfg.Timestamp())
	}
}

func (r *rowsSpan) AddEvent(name string, opts ...trace.EventOption) {
	if !r.ended.Load() {
		r.query.AddEvent(name, opts...)
	}
}

func (r *rowsSpan) RecordError(err error, opts ...trace.EventOption) {
	if !r.ended.Load() {
		r.query.RecordError(err, opts...)
	}
}

func (r *rowsSpan) SetStatus(code codes.Code, description string) {
	if !r.ended.Load() {
		r.query.SetStatus(code, description)
	}
}

func (r *rowsSpan) SetAttributes(kv ...attribute.KeyValue) {
	if !r.ended.Load() {
		r.query.SetAttributes(kv...)
	}
}

func (r *rowsSpan) AddLink(l trace.Link) { r.query.AddLink(l) }

func (r *rowsSpan) SetName(string) {}

func (r *rowsSpan) IsRecording() bool { return !r.ended.Load() }

func (r *rowsSpan) SpanContext() trace.SpanContext { return r.query.SpanContext() }

func (r *rowsSpan) TracerProvider() trace.TracerProvider { return r.query.TracerProvider() }
