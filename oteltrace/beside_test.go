package oteltrace_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/sonde-go/sonde/oteltrace"
)

// program is the provider that a program has: it notes what happens to spans.
type program struct {
	embedded.TracerProvider
	n     byte
	notes []string
}

func (p *program) Tracer(string, ...trace.TracerOption) trace.Tracer {
	return programTracer{program: p}
}

type programTracer struct {
	embedded.Tracer
	*program
}

func (p programTracer) Start(ctx context.Context, name string, _ ...trace.SpanStartOption) (context.Context, trace.Span) {
	p.n++
	outer := trace.SpanContextFromContext(ctx)
	s := &programSpan{program: p.program, name: name, sc: trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{p.n}, TraceFlags: trace.FlagsSampled,
	})}
	p.note("start", name, "below", outer.SpanID().String()[:2])
	return trace.ContextWithSpan(ctx, s), s
}

func (p *program) note(words ...string) {
	line := ""
	for _, w := range words {
		line += w + " "
	}
	p.notes = append(p.notes, line[:len(line)-1])
}

type programSpan struct {
	noop.Span
	program *program
	name    string
	sc      trace.SpanContext
}

func (s *programSpan) SpanContext() trace.SpanContext { return s.sc }
func (s *programSpan) IsRecording() bool              { return true }
func (s *programSpan) SetName(name string)            { s.program.note("name", name) }
func (s *programSpan) AddEvent(name string, _ ...trace.EventOption) {
	s.program.note("event", name)
}
func (s *programSpan) AddLink(trace.Link) { s.program.note("link") }
func (s *programSpan) RecordError(err error, _ ...trace.EventOption) {
	s.program.note("error", err.Error())
}
func (s *programSpan) SetStatus(_ codes.Code, why string) { s.program.note("status", why) }
func (s *programSpan) SetAttributes(kv ...attribute.KeyValue) {
	s.program.note("attribute", string(kv[0].Key))
}
func (s *programSpan) End(...trace.SpanEndOption) {
	if v := recover(); v != nil {
		s.program.note("panic", s.name)
		panic(v)
	}
	s.program.note("end", s.name)
}

// TestBeside: both providers get all of a traced span, and of any other span
// the program's is handed out as it is.
func TestBeside(t *testing.T) {
	ctx, rec := traced(t)
	p := &program{}
	tracer := oteltrace.NewTracerProvider(oteltrace.Beside(p)).Tracer("example.com/lib")

	_, untraced := tracer.Start(t.Context(), "untraced")
	if _, ok := untraced.(*programSpan); !ok {
		t.Errorf("an untraced span is a %T", untraced)
	}
	untraced.End()

	octx, outer := tracer.Start(ctx, "outer")
	_, inner := tracer.Start(octx, "inner", trace.WithSpanKind(trace.SpanKindClient))
	inner.SetAttributes(attribute.String("db.query.text", "SELECT a"))
	inner.SetName("renamed")
	inner.AddEvent("event")
	inner.AddLink(trace.Link{SpanContext: outer.SpanContext()})
	inner.RecordError(errors.New("no"))
	inner.SetStatus(codes.Error, "why")
	if sc := inner.SpanContext(); sc.SpanID() != (trace.SpanID{3}) || !inner.IsRecording() {
		t.Errorf("the identity is %v", sc)
	}
	inner.End()
	func() {
		defer func() { _ = recover() }()
		defer outer.End()
		panic("oh")
	}()

	want := []string{
		"start untraced below 00", "end untraced", "start outer below 00", "start inner below 02",
		"attribute db.query.text", "name renamed", "event event", "link", "error no", "status why",
		"end inner", "panic outer",
	}
	if !slices.Equal(p.notes, want) {
		t.Errorf("the program's spans: %q", p.notes)
	}
	o, db := rec.One(t, "outer"), rec.One(t, "db")
	if db.Parent != o.ID || at(db.Start, "db", "statement") != "SELECT a" || db.Stop["message"] != "no" {
		t.Errorf("the point %+v", db)
	}
	if o.Stop["etype"] != "panic" || !o.Stopped {
		t.Errorf("the panic: %+v", o)
	}
	if _, s := inner.TracerProvider().Tracer("x").Start(t.Context(), "x"); s.SpanContext().SpanID() != (trace.SpanID{4}) {
		t.Error("a span's provider is not the one that it came from")
	}
}
