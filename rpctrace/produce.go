package rpctrace

import (
	"context"
	"errors"
	"log/slog"

	"github.com/sonde-go/sonde/profiler"
)

// Produce sends a message inside a point: send runs once, after the headers of
// the trace were put into c. The point fails with the error of send, which
// Produce returns. Without a profiler in ctx all that happens is send(ctx).
func Produce(ctx context.Context, c Carrier, o profiler.Opening, send func(context.Context) error, attrs ...slog.Attr) error {
	if !profiler.Active(ctx) {
		return send(ctx)
	}
	ctx, p := profiler.Open(ctx, o, attrs...)
	Inject(ctx, c)
	return run(ctx, p, send)
}

// run calls fn and ends p as fn ends: with its error, its panic, which passes
// on, or its call of runtime.Goexit.
func run(ctx context.Context, p profiler.Point, fn func(context.Context) error) error {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		if v == nil {
			p.End(profiler.Ending{Outcome: "goexit"})
			return
		}
		p.End(profiler.Ending{Panic: v})
		panic(v)
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
