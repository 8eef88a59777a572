package profiler

import (
	"context"
	"log/slog"
)

// Trace runs fn inside a point. The point fails with the error that fn
// returns; a panic is recorded and passes on.
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
