package rpctrace

import (
	"context"

	"github.com/sonde-go/sonde/profiler"
)

// Run calls fn inside the open point p and ends p as fn ends: with its error,
// which Run returns, or its panic, which passes on. For the zero Point it only
// calls fn(ctx).
func Run(ctx context.Context, p profiler.Point, fn func(context.Context) error) error {
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
