package rpctrace

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Produce sends a message inside a point: send runs once, after the headers of
// the trace were put into c. The point fails with the error of send, which
// Produce returns. Without a profiler in ctx all that happens is send(ctx).
func Produce(ctx context.Context, c header.Carrier, o profiler.Opening, send func(context.Context) error, attrs ...slog.Attr) error {
	if !profiler.Active(ctx) {
		return send(ctx)
	}
	ctx, p := profiler.Open(ctx, o, attrs...)
	profiler.Inject(ctx, c)
	return Run(ctx, p, send)
}
