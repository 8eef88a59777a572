package oteltrace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/dbcall"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var tracer = oteltrace.NewTracerProvider().Tracer("example.com/lib")

// traced is a context with a profiler, and what is recorded of it.
func traced(t testing.TB) (context.Context, *profilertest.Recorder) {
	svc, rec := profilertest.New(t, "svc")
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	t.Cleanup(func() { p.Stop() })
	return ctx, rec
}

// at is what an info says at a path, nil if it says nothing.
func at(info map[string]any, path ...string) any {
	var v any = info
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestSpansArePoints(t *testing.T) {
	ctx, rec := traced(t)
	octx, outer := tracer.Start(ctx, "GET /a-b", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.route", "/a-b")))
	pctx, own := profiler.Start(octx, "own")
	_, inner := tracer.Start(pctx, "inner")
	inner.End()
	own.Stop()
	outer.SetAttributes(attribute.Int("http.response.status_code", 200), attribute.String("http.route", "/a-b"))
	outer.SetName("renamed")
	if !outer.IsRecording() {
		t.Error("an open span does not record")
	}
	outer.End()
	outer.End()
	outer.SetAttributes(attribute.Int("late", 1))
	if outer.IsRecording() {
		t.Error("an ended span records")
	}

	root, o, i := rec.One(t, "root"), rec.One(t, "GET /a_b"), rec.One(t, "inner")
	if o.Parent != root.ID || rec.One(t, "own").Parent != o.ID || i.Parent != rec.One(t, "own").ID || !i.Stopped {
		t.Errorf("not a tree: %+v", rec.Points(t))
	}
	same(t, "the start", o.Start, map[string]any{"otel": map[string]any{
		"scope": "example.com/lib", "attributes": map[string]any{"http.route": "/a-b"}}})
	same(t, "the stop", o.Stop, map[string]any{"otel": map[string]any{
		"name": "renamed", "attributes": map[string]any{"http.response.status_code": 200.0}}})
	same(t, "inner", i.Start, map[string]any{"otel": map[string]any{"scope": "example.com/lib"}})
	if o.Kind != layer.Server || i.Kind != layer.Internal {
		t.Errorf("kinds %v and %v", o.Kind, i.Kind)
	}
}

func TestAttributes(t *testing.T) {
	ctx, rec := traced(t)
	_, s := tracer.Start(ctx, "s", trace.WithAttributes(
		attribute.String("string", "a"), attribute.Int64("int", 1<<40), attribute.Bool("bool", true),
		attribute.Float64("float", 1.5), attribute.Float64("nan", math.NaN()),
		attribute.StringSlice("strings", []string{"a", `"`}), attribute.Int64Slice("ints", []int64{1, 2}),
		attribute.BoolSlice("bools", []bool{true}), attribute.Float64Slice("floats", []float64{1.5, math.Inf(1)}),
	))
	s.End()
	same(t, "attributes", at(rec.One(t, "s").Start, "otel", "attributes"), map[string]any{
		"string": "a", "int": float64(1 << 40), "bool": true, "float": 1.5, "nan": "NaN",
		"strings": []any{"a", `"`}, "ints": []any{1.0, 2.0}, "bools": []any{true}, "floats": []any{1.5, "Infinity"},
	})
}

func TestTimes(t *testing.T) {
	ctx, rec := traced(t)
	from := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	to := from.Add(7 * time.Second)
	_, s := tracer.Start(ctx, "s", trace.WithTimestamp(from))
	s.End(trace.WithTimestamp(to))
	if p := rec.One(t, "s"); p.From != from.UnixNano() || p.To != to.UnixNano() {
		t.Errorf("%v to %v", time.Unix(0, p.From), time.Unix(0, p.To))
	}
}

func TestHowASpanEnds(t *testing.T) {
	boom := errors.New("boom")
	for _, test := range []struct {
		name   string
		do     func(trace.Span)
		want   map[string]any
		events int
	}{
		{"well", func(trace.Span) {}, map[string]any{}, 0},
		{"status", func(s trace.Span) { s.SetStatus(codes.Error, "no luck") },
			map[string]any{"etype": "oteltrace.statusError", "message": "no luck"}, 0},
		{"error and status", func(s trace.Span) { s.RecordError(boom); s.SetStatus(codes.Error, "no luck") },
			map[string]any{"etype": "errors.errorString", "message": "boom", "otel": map[string]any{"status": "no luck"}}, 0},
		{"error alone", func(s trace.Span) { s.RecordError(boom); s.RecordError(nil) }, nil, 1},
		{"ok wins", func(s trace.Span) { s.SetStatus(codes.Ok, ""); s.SetStatus(codes.Error, "no") }, map[string]any{}, 0},
		{"cancelled", func(s trace.Span) { fail(s, fmt.Errorf("x: %w", context.Canceled)) },
			map[string]any{"outcome": "cancelled"}, 0},
		{"timeout", func(s trace.Span) { fail(s, context.DeadlineExceeded) },
			map[string]any{"etype": "context.deadlineExceededError", "message": "context deadline exceeded", "outcome": "timeout"}, 0},
		{"no rows", func(s trace.Span) { fail(s, sql.ErrNoRows) }, map[string]any{}, 0},
		{"end of file", func(s trace.Span) { fail(s, io.EOF) }, map[string]any{}, 0},
		{"bad connection", func(s trace.Span) { fail(s, driver.ErrBadConn) },
			map[string]any{"etype": "errors.errorString", "message": "driver: bad connection"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, rec := traced(t)
			_, s := tracer.Start(ctx, "s")
			test.do(s)
			s.End()
			p := rec.One(t, "s")
			if test.want != nil {
				same(t, "the stop", p.Stop, test.want)
			}
			if e, _ := p.Stop["events"].([]any); len(e) != test.events {
				t.Errorf("events %v", e)
			}
		})
	}
}

func fail(s trace.Span, err error) {
	s.RecordError(err)
	s.SetStatus(codes.Error, "")
}

func TestPanicPassesOn(t *testing.T) {
	ctx, rec := traced(t)
	func() {
		defer func() {
			if v := recover(); v != "ouch" {
				t.Errorf("recovered %v", v)
			}
		}()
		_, s := tracer.Start(ctx, "s")
		defer s.End()
		panic("ouch")
	}()
	same(t, "the stop", rec.One(t, "s").Stop, map[string]any{"etype": "panic", "message": "ouch"})
}

func TestEvents(t *testing.T) {
	ctx, rec := traced(t)
	_, s := tracer.Start(ctx, "s")
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s.AddEvent("retry", trace.WithTimestamp(when), trace.WithAttributes(attribute.Int("n", 1)))
	s.RecordError(io.ErrUnexpectedEOF)
	for range 33 {
		s.AddEvent("more")
	}
	s.End()
	s.AddEvent("late")
	stop := rec.One(t, "s").Stop
	events := stop["events"].([]any)
	same(t, "the first", events[0], map[string]any{"name": "retry", "time": "2026-01-02T03:04:05Z", "attributes": map[string]any{"n": 1.0}})
	second := events[1].(map[string]any)
	if second["name"] != "exception" || second["etype"] != "*errors.errorString" || second["message"] != "unexpected EOF" {
		t.Errorf("%v", second)
	}
	if len(events) != 32 || stop["events_left_out"] != 3.0 {
		t.Errorf("%d events, %v left out", len(events), stop["events_left_out"])
	}
}

func TestLinks(t *testing.T) {
	ctx, rec := traced(t)
	other, _ := traced(t)
	_, target := tracer.Start(other, "target")
	defer target.End()
	_, s := tracer.Start(ctx, "s", trace.WithLinks(trace.Link{}, trace.Link{SpanContext: target.SpanContext()}))
	s.AddLink(trace.Link{SpanContext: target.SpanContext(), Attributes: []attribute.KeyValue{attribute.Int("n", 1)}})
	s.AddLink(trace.Link{})
	s.End()
	in, _ := profiler.Current(other)
	base, id := in.BaseID.String(), target.SpanContext().SpanID().String()
	p := rec.One(t, "s")
	same(t, "links at the start", p.Start["links"], []any{map[string]any{"base_id": base, "span_id": id}})
	same(t, "links later", p.Stop["links"], []any{map[string]any{"base_id": base, "span_id": id, "attributes": map[string]any{"n": 1.0}}})
}

func TestSpanContext(t *testing.T) {
	ctx, rec := traced(t)
	for _, kind := range []trace.SpanKind{trace.SpanKindInternal, trace.SpanKindClient} {
		_, s := tracer.Start(ctx, kind.String(), trace.WithSpanKind(kind))
		sc := s.SpanContext()
		s.End()
		p := rec.One(t, kind.String())
		if sc.TraceID() != otelid.TraceID(p.Trace) || sc.SpanID() != otelid.SpanID(p.ID) || !sc.IsSampled() || sc.IsRemote() {
			t.Errorf("%v of %+v", sc, p)
		}
	}
}

// remote is what a propagator finds in a traceparent header.
func remote(ctx context.Context) (context.Context, trace.SpanContext) {
	sc := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true})
	return trace.ContextWithRemoteSpanContext(ctx, sc), sc
}

// recording is the span of another provider.
type recording struct {
	noop.Span
	sc    trace.SpanContext
	ended *bool
}

func (recording) IsRecording() bool                { return true }
func (r recording) SpanContext() trace.SpanContext { return r.sc }
func (r recording) End(...trace.SpanEndOption)     { *r.ended = true }

func TestOtherProvidersSpansArePassedOn(t *testing.T) {
	ctx, rec := traced(t)
	ctx, sc := remote(ctx)
	octx, outer := tracer.Start(ctx, "outer")
	_, inner := tracer.Start(octx, "inner")
	if want := sc.WithRemote(false); !outer.SpanContext().Equal(want) || !inner.SpanContext().Equal(want) {
		t.Errorf("passed on %v, %v", outer.SpanContext(), inner.SpanContext())
	}
	inner.End()
	outer.End()
	if rec.One(t, "inner").Parent != rec.One(t, "outer").ID {
		t.Error("not a tree")
	}

	untraced, sc := remote(context.Background())
	got, s := tracer.Start(untraced, "s")
	if got != untraced || !s.SpanContext().Equal(sc) || s.IsRecording() {
		t.Errorf("without a profiler: %v", s.SpanContext())
	}
	ended := false
	theirs := trace.ContextWithSpan(context.Background(), recording{sc: sc, ended: &ended})
	got, s = tracer.Start(theirs, "s")
	s.End()
	if ended || s.IsRecording() || !trace.SpanContextFromContext(got).Equal(sc) {
		t.Errorf("in another provider's span: ended %v, %v", ended, trace.SpanContextFromContext(got))
	}
}

func TestUntraced(t *testing.T) {
	var none context.Context // OpenTelemetry takes it
	ctx, s := tracer.Start(none, "s")
	if ctx == nil || s.IsRecording() || s.SpanContext().IsValid() {
		t.Error("a span without a context records")
	}
	background := context.Background()
	remote, _ := remote(background)
	for name, ctx := range map[string]context.Context{"empty": background, "remote": remote} {
		if n := race.Allocs(100, func() {
			_, s := tracer.Start(ctx, "s")
			if s.IsRecording() {
				s.SetAttributes(attribute.Int("n", 1))
			}
			s.End()
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestStatements(t *testing.T) {
	for _, key := range []string{"db.query.text", "db.statement"} {
		text := attribute.String(key, "SELECT a")
		system := attribute.String("db.system.name", "sqlite")
		client := trace.WithSpanKind(trace.SpanKindClient)
		for name, do := range map[string]func(context.Context){
			"at the start": func(ctx context.Context) {
				_, s := tracer.Start(ctx, "SELECT", client, trace.WithAttributes(text, system))
				s.End()
			},
			"then": func(ctx context.Context) {
				_, s := tracer.Start(ctx, "SELECT", client)
				s.SetAttributes(text, system)
				s.End()
			},
			"later": func(ctx context.Context) {
				_, s := tracer.Start(ctx, "SELECT", client, trace.WithAttributes(system))
				s.SetAttributes(attribute.Int("n", 1))
				s.SetAttributes(text)
				s.End()
			},
		} {
			ctx, rec := traced(t)
			do(ctx)
			p := rec.One(t, "db")
			if at(p.Start, "db", "statement") != "SELECT a" || at(p.Start, "otel", "name") != "SELECT" ||
				at(p.Start, "otel", "attributes", "db.system.name") != "sqlite" ||
				at(p.Start, "otel", "attributes", key) != nil {
				t.Errorf("%s, %s: %v", key, name, p.Start)
			}
		}
	}
}

// Code that needs the point opens it; the statement then comes with the stop.
// TestStatementsWithoutLiterals: what another instrumentation has left in a
// statement is not stored either.
func TestStatementsWithoutLiterals(t *testing.T) {
	for system, want := range map[string]string{"mysql": "SELECT ? , ?", "postgresql": `SELECT "x" , ?`} {
		ctx, rec := traced(t)
		_, s := tracer.Start(ctx, "SELECT", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("db.system.name", system), attribute.String("db.query.text", `SELECT "x" , 'secret'`)))
		s.End()
		if got := at(rec.One(t, "db").Start, "db", "statement"); got != want {
			t.Errorf("%s: %v, want %v", system, got, want)
		}
	}
}

func TestClientSpanIsOpenedWhenItsContextIsUsed(t *testing.T) {
	ctx, rec := traced(t)
	sctx, s := tracer.Start(ctx, "call", trace.WithSpanKind(trace.SpanKindClient))
	if n := len(rec.Named(t, "call")); n != 0 {
		t.Errorf("%d points before anything is known", n)
	}
	_, p := profiler.Start(sctx, "inside")
	p.Stop()
	if got := rec.One(t, "call"); rec.One(t, "inside").Parent != got.ID || got.Stopped {
		t.Errorf("%+v", rec.Points(t))
	}
	s.SetAttributes(attribute.String("db.query.text", "SELECT a"))
	s.End()
	if got := rec.One(t, "call"); at(got.Stop, "db", "statement") != "SELECT a" {
		t.Errorf("%v", got.Stop)
	}
}

// ErrSkip says that database/sql goes another way; so does a bad connection
// that is tried again.
func TestNoPoint(t *testing.T) {
	ctx, rec := traced(t)
	query := trace.WithAttributes(attribute.String("db.query.text", "SELECT a"))
	_, s := tracer.Start(ctx, "a", query)
	fail(s, driver.ErrSkip)
	s.End()
	for _, retried := range []bool{true, false} {
		_, s = tracer.Start(dbcall.With(ctx, &dbcall.Call{Retried: retried, Err: driver.ErrBadConn}), "b", query)
		fail(s, driver.ErrBadConn)
		s.End()
	}
	if p := rec.One(t, "db"); p.Stop["message"] != "driver: bad connection" {
		t.Errorf("%+v", p)
	}
}

func TestRowsArePartOfTheirQuery(t *testing.T) {
	otelsql := oteltrace.NewTracerProvider().Tracer("github.com/XSAM/otelsql")
	client := trace.WithSpanKind(trace.SpanKindClient)
	for _, below := range []bool{true, false} {
		ctx, rec := traced(t)
		if !below {
			ctx = dbcall.With(ctx, &dbcall.Call{})
		}
		qctx, q := otelsql.Start(ctx, "sql.conn.query", client)
		q.SetAttributes(attribute.String("db.query.text", "SELECT a"))
		if below {
			ctx = qctx
		}
		rctx, r := otelsql.Start(ctx, "sql.rows", client)
		q.End()
		if rec.One(t, "db").Stopped || !r.IsRecording() {
			t.Errorf("below %v: the query is over before its rows", below)
		}
		r.SetAttributes(attribute.Bool("more", true))
		r.AddEvent("next")
		r.RecordError(io.ErrUnexpectedEOF)
		r.SetStatus(codes.Error, "")
		if r.SpanContext().SpanID() != q.SpanContext().SpanID() {
			t.Errorf("below %v: rows have a span id of their own", below)
		}
		_, p := profiler.Start(rctx, "inside")
		p.Stop()
		r.End()
		r.End()
		r.AddEvent("late")
		got := rec.One(t, "db")
		if got.Stop["message"] != "unexpected EOF" || at(got.Stop, "otel", "attributes", "more") != true || len(rec.Points(t)) != 3 {
			t.Errorf("below %v: %+v of %+v", below, got, rec.Points(t))
		}
	}

	ctx, rec := traced(t) // beside the query, and nobody says which one it was
	_, r := otelsql.Start(ctx, "sql.rows", client)
	r.End()
	if p := rec.One(t, "db_rows"); !p.Stopped {
		t.Errorf("%+v", p)
	}
}

func TestManyGoroutines(t *testing.T) {
	ctx, rec := traced(t)
	_, s := tracer.Start(ctx, "s", trace.WithSpanKind(trace.SpanKindClient))
	done := make(chan struct{})
	for i := range 8 {
		go func() {
			defer func() { done <- struct{}{} }()
			s.SetAttributes(attribute.Int("n", i))
			s.AddEvent("e")
			s.SetStatus(codes.Error, "x")
			s.RecordError(io.EOF)
			_ = s.SpanContext()
			s.End()
		}()
	}
	for range 8 {
		watchdog.Await(t, "a goroutine's end", done)
	}
	if p := rec.One(t, "s"); !p.Stopped {
		t.Errorf("%+v", p)
	}
}

// TestNoSQLLate: the same of a text that is set when the point is open.
func TestNoSQLLate(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	_, s := oteltrace.NewTracerProvider().Tracer("t").Start(ctx, "s", trace.WithAttributes(attribute.String("db.system", "redis")))
	s.SetAttributes(attribute.String("db.statement", "set user:17 secret"))
	s.End()
	root.Stop()
	if db, _ := rec.One(t, "s").Stop["db"].(map[string]any); db["statement"] != "set" {
		t.Errorf("%v", rec.One(t, "s").Stop)
	}
}

// TestNoSQL: what is not SQL is recorded without its values, under the name of its
// operation, in a point that is called as that of our own layer.
func TestNoSQL(t *testing.T) {
	for _, test := range []struct {
		system, name, text, operation, want string
	}{
		{system: "redis", name: "redis", text: "set user:17 secret", want: "set"},
		{system: "redis", name: "redis", text: "get secret\nget secret", want: "get"},
		{system: "mongodb", name: "mongodb", text: `{"insert": "orders", "documents": [{"customer": "secret"}]}`, operation: "insert", want: "insert"},
		{system: "mongodb", name: "mongodb", text: `{"secret":1}`, want: "?"},
		{system: "elasticsearch", name: "db", text: "se\ncret", want: "?"},
		{system: "postgresql", name: "db", text: "SELECT 'secret'", want: "SELECT ?"},
	} {
		for _, keys := range [][3]string{{"db.system.name", "db.query.text", "db.operation.name"}, {"db.system", "db.statement", "db.operation"}} {
			svc, rec := profilertest.New(t, "svc")
			ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
			attributes := []attribute.KeyValue{attribute.String(keys[0], test.system), attribute.String(keys[1], test.text)}
			if test.operation != "" {
				attributes = append(attributes, attribute.String(keys[2], test.operation))
			}
			_, s := oteltrace.NewTracerProvider().Tracer("t").Start(ctx, "s", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
			s.End()
			root.Stop()
			p := rec.One(t, test.name)
			if db, _ := p.Start["db"].(map[string]any); db["statement"] != test.want {
				t.Errorf("%s %q: %v, want %q", test.system, test.text, p.Start, test.want)
			}
			if all := fmt.Sprint(p); strings.Contains(all, "secret") {
				t.Errorf("%s tells a value", all)
			}
		}
	}
}
