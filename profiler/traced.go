package profiler

import (
	"context"
	"log/slog"
)

// Trace runs fn inside a point called name, see [Start], and returns the error
// that fn returns. The point fails with that error, see [Point.Fail]. A panic and
// [runtime.Goexit] are recorded and pass on.
func Trace(ctx context.Context, name string, fn func(context.Context) error, attrs ...slog.Attr) error {
	ctx, p := Start(ctx, name, attrs...)
	if !p.Active() {
		return fn(ctx)
	}
	returned := false
	defer p.Guard(&returned)
	err := fn(ctx)
	returned = true
	p.Fail(err)
	return err
}

// TraceValue is [Trace] for functions that return a value beside their error.
func TraceValue[R any](ctx context.Context, name string, fn func(context.Context) (R, error), attrs ...slog.Attr) (R, error) {
	ctx, p := Start(ctx, name, attrs...)
	if !p.Active() {
		return fn(ctx)
	}
	returned := false
	defer p.Guard(&returned)
	value, err := fn(ctx)
	returned = true
	p.Fail(err)
	return value, err
}
