package rpctrace

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Consume opens the point of a received message and returns the context for
// what is done about it; the caller stops the point. If the message carries
// signed headers, the point hangs below its producer's. If it carries none,
// the point hangs below the point in ctx; without that svc's admission hook is
// asked, which is told o.Group as the layer and destination (the subject,
// queue or topic) as the path. Otherwise, and if the headers are forged, the
// message is not traced: Consume returns ctx and a zero Point, and allocates
// nothing.
//
// Consuming a message again in a context where it was consumed already does
// nothing.
func Consume(ctx context.Context, svc *profiler.Service, c Carrier, o profiler.Opening, destination string, attrs ...slog.Attr) (context.Context, profiler.Point) {
	in := Receive(ctx, svc, c, o.Group, destination)
	return in.Open(ctx, o, attrs...)
}

// Process handles a received message inside a point, see [Consume]: handle
// runs once. The point fails with the error of handle, which Process returns;
// a panic is recorded and passes on. If the message is not traced, all that
// happens is handle(ctx).
func Process(ctx context.Context, svc *profiler.Service, c Carrier, o profiler.Opening, destination string, handle func(context.Context) error, attrs ...slog.Attr) error {
	ctx, p := Consume(ctx, svc, c, o, destination, attrs...)
	return Run(ctx, p, handle)
}

// Incoming is a received message of which it is decided whether it is traced,
// before attributes are made that cost something.
type Incoming struct {
	svc *profiler.Service
	why reason
	in  header.Info
	key *header.Key
}

// reason is why a message is traced.
type reason uint8

const (
	untraced reason = iota
	byHeaders
	byContext
	byAdmission
)

// Receive decides as [Consume] does. layer is the name of the bus.
func Receive(ctx context.Context, svc *profiler.Service, c Carrier, layer, destination string) Incoming {
	i := Incoming{svc: svc}
	if text := c.Get(header.InfoName); text != "" {
		in, key, err := svc.Verify(text, c.Get(header.HMACName))
		if err == nil && !consumed(ctx, in) {
			i.why, i.in, i.key = byHeaders, in, key
		}
		return i
	}
	switch {
	case profiler.Active(ctx):
		i.why = byContext
	case svc.Admit(ctx, profiler.Request{Layer: layer, Path: destination}):
		i.why = byAdmission
	}
	return i
}

// Traced says whether Open will open a point.
func (i *Incoming) Traced() bool { return i.why != untraced }

// Open opens the message's point, once; see [Consume].
func (i *Incoming) Open(ctx context.Context, o profiler.Opening, attrs ...slog.Attr) (context.Context, profiler.Point) {
	switch i.why {
	case byHeaders:
		ctx, p := i.svc.Join(ctx, i.in, i.key, o, attrs...)
		return &consumer{ctx, i.in}, p
	case byContext:
		return profiler.Open(ctx, o, attrs...)
	case byAdmission:
		return i.svc.Begin(ctx, o, attrs...)
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
