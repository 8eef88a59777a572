package rpctrace

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Produce calls send once, inside a point, after setting the headers of the trace
// in c. The point fails with the error of send, which Produce returns. If ctx
// carries no trace, Produce removes trace headers that c has from a forwarded
// message, and calls send.
func Produce(ctx context.Context, c header.Carrier, o profiler.Opening, send func(context.Context) error, attrs ...slog.Attr) error {
	ctx, p := profiler.Open(ctx, o, attrs...)
	profiler.Inject(ctx, c)
	return Run(ctx, p, send)
}
