// Package oteltrace makes the spans of OpenTelemetry instrumentation trace
// points. Whatever library is instrumented with OpenTelemetry takes part in
// the trace of a request if it is given this package's provider:
//
//	otel.SetTracerProvider(oteltrace.NewTracerProvider())
//
// A span that is started in a context which carries a profiler is a point
// below the point of that context; any other span is not recorded and costs
// next to nothing. The package needs OpenTelemetry's API only, not its SDK.
//
// # What a span becomes
//
//	name                          the point's name, dashes replaced; "db" if the span has a statement
//	db.query.text, db.statement   {"db": {"statement"}}, as OSProfiler has it
//	other attributes              {"otel": {"attributes": {…}}}
//	tracer                        {"otel": {"scope"}}
//	kind                          that of the point, {"sonde": {"kind"}}
//	a name that is not the point's own, SetName  {"otel": {"name"}}
//	status Error                  etype and message: of the error that was recorded, otherwise the description
//	context.Canceled              outcome "cancelled" and no failure
//	sql.ErrNoRows, io.EOF         no failure; driver.ErrSkip: no point, since database/sql goes another way
//	a panic that passes End       etype "panic"; it passes on
//	events, errors without a status  "events": the first 32, then "events_left_out"
//	links                         "links"
//	timestamps                    the times of the point
//
// What is known when the span starts is in the point's first record, the rest
// in its second. A client span that is started without a statement waits for
// its attributes, for as long as nobody uses its context, so that a query is
// called "db" from the beginning.
//
// A span has the trace's base id as its trace id and half of its point's id as
// its span id, and is sampled. But if the context holds the span of another
// provider, for instance a remote one from a traceparent header, then that is
// what the span passes on: the two kinds of tracing do not disturb each other.
// WithNewRoot does not take a span out of the request's trace.
//
// # XSAM/otelsql
//
// The package github.com/sonde-go/sonde/sqltrace/otelsql is the better way to
// use both. If otelsql is given the provider directly, set
// SpanOptions.RowsChildOfQuery, which makes a query and its rows one point;
// without it the rows are a point of their own called db_rows.
package oteltrace
