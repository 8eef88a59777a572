package rpctrace

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Consume opens the point of a received message and returns the context for
// what is done about it; the caller stops the point. If the message carries
// signed headers, the point hangs below its producer's. If it carries none,
// the point hangs below the point in ctx; without that svc's admission hook is
// asked, which is told the group of o.Layer as the layer and destination (the subject,
// queue or topic) as the path. Otherwise, and if the headers are forged, the
// message is not traced: Consume returns ctx and a zero Point, and allocates
// nothing.
//
// Consuming a message again in a context where it was consumed already does
// nothing.
func Consume(ctx context.Context, svc *profiler.Service, c header.Carrier, o profiler.Opening, destination string, attrs ...slog.Attr) (context.Context, profiler.Point) {
	in := Receive(ctx, svc, c, bus(&o), destination)
	return in.Open(ctx, o, attrs...)
}

// bus is the name of the bus that o's point belongs to.
func bus(o *profiler.Opening) string {
	if o.Layer == nil {
		return "message"
	}
	return o.Layer.Group
}

// Receive decides as [Consume] does, before attributes are made that cost
// something.
func Receive(ctx context.Context, svc *profiler.Service, c header.Carrier, bus, destination string) profiler.Incoming {
	return svc.Receive(ctx, profiler.Arrival{Layer: bus, Kind: layer.Consumer, Path: destination}, c)
}

// Process handles a received message inside a point, see [Consume]: handle
// runs once. The point fails with the error of handle, which Process returns;
// a panic is recorded and passes on. If the message is not traced, all that
// happens is handle(ctx).
func Process(ctx context.Context, svc *profiler.Service, c header.Carrier, o profiler.Opening, destination string, handle func(context.Context) error, attrs ...slog.Attr) error {
	ctx, p := Consume(ctx, svc, c, o, destination, attrs...)
	return Run(ctx, p, handle)
}
