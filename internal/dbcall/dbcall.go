// Package dbcall marks the context of one call of a database driver, so that
// the spans which OpenTelemetry instrumentation makes of it become one point.
package dbcall

import "context"

// Call is one call of a driver. It belongs to the goroutine that makes the
// call, and to the rows that come of it.
type Call struct {
	// Retried says that database/sql tries again if the driver says that its
	// connection is bad, so that what failed with it is not recorded.
	Retried bool
	// Err is what the driver answered, whatever the span is told.
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

// From returns the call that ctx is for, nil if there is none.
func From(ctx context.Context) *Call {
	call, _ := ctx.Value(key{}).(*Call)
	return call
}
