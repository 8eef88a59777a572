// Package oteltrace turns the spans of OpenTelemetry instrumentation into trace
// points. Any library instrumented with OpenTelemetry takes part in the trace of a
// request if it uses this package's provider:
//
//	otel.SetTracerProvider(oteltrace.NewTracerProvider())
//
// To keep another provider and its exporter, see [Beside]. Servers instrumented
// with OpenTelemetry join traces through [NewPropagator].
//
// A span started in a context that carries a trace is a point below the point of
// that context; any other span is not recorded and costs next to nothing. The
// package needs only OpenTelemetry's API, not its SDK.
//
// # What a span becomes
//
//	name                          the point's name, dashes replaced; "db" if the span has a statement, "redis" or "mongodb" by its system
//	db.query.text, db.statement   {"db": {"statement"}}, as OSProfiler has it, without its literals; of Redis, MongoDB and the like the operation only
//	other attributes              {"otel": {"attributes": {…}}}
//	tracer                        {"otel": {"scope"}}
//	kind                          that of the point, {"sonde": {"kind"}}
//	a name other than the point's, SetName  {"otel": {"name"}}
//	status Error                  etype and message: of the error that was recorded, otherwise error.type and the description
//	context.Canceled              outcome "cancelled" and no failure
//	sql.ErrNoRows, io.EOF         no failure; driver.ErrSkip: no point, since database/sql tries another way
//	a panic that passes End       etype "panic"; it passes on
//	events, errors without a status  "events": the first 32, then "events_left_out"
//	links                         "links"
//	timestamps                    the times of the point
//
// What is known when the span starts is in the point's first record, the rest
// in its second. A client span started without a statement waits for its
// attributes until its context is used, so that a query is named "db" from the
// beginning.
//
// A span has the trace's base id as its trace id and half of its point's id as
// its span id, and is sampled. But if the context holds the span of another
// provider, for instance a remote one from a traceparent header, the span passes
// that one's identity on, so that the two kinds of tracing do not disturb each
// other. If middleware/http or middleware/grpc traces the same request or call as
// a span, outside or inside it, both are one point, and the outer one decides how
// it looks. WithNewRoot does not take a span out of the request's trace.
//
// # Beside OpenTelemetry
//
// A request that is traced here often runs in a trace of OpenTelemetry's as well, with
// an id of its own. Its first point has a link to that, info.sonde.traceparent, which
// OTLP stores get as a link of the span: profiler.Config.ActiveSpan with [ActiveSpan] has it
// lead to the program's own span, else it leads to what the request's traceparent
// says. With profiler.Config.TraceParent, requests that are signed carry a traceparent
// of our trace, so that programs without Sonde continue it. [SpanContext] is for
// exemplars of metrics.
//
// # XSAM/otelsql
//
// Package github.com/sonde-go/sonde/sqltrace/otelsql is the better way to use
// both. If otelsql is given the provider directly, set
// SpanOptions.RowsChildOfQuery, which makes a query and its rows one point;
// without it the rows are a separate point called db_rows.
package oteltrace
