package rpctrace

import (
	"context"
	"errors"

	"github.com/sonde-go/sonde/profiler"
)

// Run calls fn inside the open point p and ends p as fn ends: with its error,
// which Run returns, or its panic, which passes on. For a zero Point all that
// happens is fn(ctx).
func Run(ctx context.Context, p profiler.Point, fn func(context.Context) error) error {
	if !p.Active() {
		return fn(ctx)
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		end, panicked := profiler.Unwound(v)
		p.End(end)
		if panicked {
			panic(v)
		}
	}()
	err := fn(ctx)
	returned = true
	p.End(Ending(err))
	return err
}

// Ending says how a point ends with err: a passed deadline is a failure with
// the outcome "timeout".
func Ending(err error) profiler.Ending {
	end := profiler.Ending{Err: err}
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		end.Outcome = "timeout"
	}
	return end
}
