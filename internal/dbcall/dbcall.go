// Package dbcall marks the context of one call of a database driver, so that the
// spans that OpenTelemetry instrumentation makes for it become one point.
package dbcall

import "context"

// Call is one call of a driver. It belongs to the goroutine that makes the call,
// and later to the rows that the call returns.
type Call struct {
	// Retried says that database/sql will try again if the driver reports a bad
	// connection, so that such a failure is not recorded.
	Retried bool
	// Err is the driver's error, whatever the span is told.
	Err error
	// Span is the call's own span, kept by oteltrace.
	Span any
}

type callContext struct {
	context.Context
	call *Call
}

type key struct{}

func (c *callContext) Value(k any) any {
	if _, ok := k.(key); ok {
		return c.call
	}
	return c.Context.Value(k)
}

// With returns ctx for call.
func With(ctx context.Context, call *Call) context.Context { return &callContext{ctx, call} }

// From returns the call that ctx is for, or nil.
func From(ctx context.Context) *Call {
	call, _ := ctx.Value(key{}).(*Call)
	return call
}
