package rpctrace

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Consume opens the point of a received message and returns the context for
// what is done about it. If the message carries signed headers, the point
// hangs below its producer's. If it carries none, the point hangs below the
// point in ctx; without that svc's admission hook is asked, which is told
// o.Group as the layer and destination (the subject, queue or topic) as the
// path. Otherwise, and if the headers are forged, the message is not traced:
// Consume returns ctx and a zero Point, and allocates nothing.
//
// Consuming a message again in a context where it was consumed already does
// nothing.
func Consume(ctx context.Context, svc *profiler.Service, c Carrier, o profiler.Opening, destination string, attrs ...slog.Attr) (context.Context, profiler.Point) {
	if text := c.Get(header.InfoName); text != "" {
		in, key, err := svc.Verify(text, c.Get(header.HMACName))
		if err != nil || consumed(ctx, in) {
			return ctx, profiler.Point{}
		}
		ctx, p := svc.Join(ctx, in, key, o, attrs...)
		return &consumer{ctx, in}, p
	}
	if profiler.Active(ctx) {
		return profiler.Open(ctx, o, attrs...)
	}
	if svc.Admit(ctx, profiler.Request{Layer: o.Group, Path: destination}) {
		return svc.Begin(ctx, o, attrs...)
	}
	return ctx, profiler.Point{}
}

// consumer is the context in which the message with these headers is being
// consumed.
type consumer struct {
	context.Context
	in header.Info
}

type consumerKey struct{}

func (c *consumer) Value(key any) any {
	if _, ok := key.(consumerKey); ok {
		return c
	}
	return c.Context.Value(key)
}

func consumed(ctx context.Context, in header.Info) bool {
	c, _ := ctx.Value(consumerKey{}).(*consumer)
	return c != nil && c.in == in
}

// Process handles a received message inside a point, see [Consume]: handle
// runs once. The point fails with the error of handle, which Process returns;
// a panic is recorded and passes on. If the message is not traced, all that
// happens is handle(ctx).
func Process(ctx context.Context, svc *profiler.Service, c Carrier, o profiler.Opening, destination string, handle func(context.Context) error, attrs ...slog.Attr) error {
	ctx, p := Consume(ctx, svc, c, o, destination, attrs...)
	if !p.Active() {
		return handle(ctx)
	}
	return run(ctx, p, handle)
}
