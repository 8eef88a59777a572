package rpctrace

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Consume opens the point of a received message and returns the context to handle
// it in; the caller stops the point. If the message carries signed headers, the
// point is below its producer's. If it carries none, the point is below the one in
// ctx; without one, svc's admission hook decides. It is given the group of o.Layer
// as the layer and destination (the subject, queue or topic) as the path.
// Otherwise, and if the headers are forged, the message is not traced: Consume
// returns ctx and the zero Point, and does not allocate.
//
// Consuming a message again in a context in which it was already consumed does
// nothing.
func Consume(ctx context.Context, svc *profiler.Service, c header.Carrier, o profiler.Opening, destination string, attrs ...slog.Attr) (context.Context, profiler.Point) {
	in := Receive(ctx, svc, c, bus(&o), destination)
	return in.Open(ctx, o, attrs...)
}

// bus is the name of the bus of o's point.
func bus(o *profiler.Opening) string {
	if o.Layer == nil {
		return "message"
	}
	return o.Layer.Group
}

// Receive decides as [Consume] does but opens no point, for callers whose
// attributes are expensive. bus names the layer of the admission hook's Arrival.
func Receive(ctx context.Context, svc *profiler.Service, c header.Carrier, bus, destination string) profiler.Incoming {
	return svc.Receive(ctx, profiler.Arrival{Layer: bus, Kind: layer.Consumer, Path: destination}, c)
}

// Process calls handle once for a received message, inside a point; see [Consume].
// The point fails with the error of handle, which Process returns; a panic is
// recorded and passes on. If the message is not traced, Process only calls
// handle(ctx).
func Process(ctx context.Context, svc *profiler.Service, c header.Carrier, o profiler.Opening, destination string, handle func(context.Context) error, attrs ...slog.Attr) error {
	ctx, p := Consume(ctx, svc, c, o, destination, attrs...)
	return Run(ctx, p, handle)
}
