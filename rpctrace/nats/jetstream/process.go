package sondejetstream

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// Handler wraps fn for the Consume method of pull, push and ordered consumers. The
// context passed to fn carries the trace of the message's producer and nothing
// else: it is context.Background for a message that is not traced. svc is the
// service that fn belongs to. A panic of fn is recorded and passes on.
func Handler(svc *profiler.Service, fn func(context.Context, jetstream.Msg), opts ...Option) jetstream.MessageHandler {
	return func(m jetstream.Msg) {
		ctx, m, p := Process(context.Background(), svc, m, opts...)
		if !p.Active() {
			fn(ctx, m)
			return
		}
		_ = rpctrace.Run(ctx, p, func(ctx context.Context) error {
			fn(ctx, m)
			return nil
		})
	}
}

// Process opens the point of a message that was received without a handler,
// from Next, Fetch or Messages. It returns the context to handle it in, and the
// message to use instead of m, which records how it is acknowledged. The caller
// stops the point:
//
//	m, err := messages.Next()
//	…
//	ctx, m, p := sondejetstream.Process(ctx, svc, m)
//	defer p.Stop()
//	…
//	return m.Ack()
//
// For a message that is not traced it returns ctx, m and the zero Point.
func Process(ctx context.Context, svc *profiler.Service, m jetstream.Msg, opts ...Option) (context.Context, jetstream.Msg, profiler.Point) {
	in := rpctrace.Receive(ctx, svc, natsmsg.Headers(m.Headers()), layer.NATS.Group, m.Subject())
	if !in.Traced() {
		return in.Pass(ctx), m, profiler.Point{}
	}
	ctx, p := in.Open(ctx, natsmsg.As(natsmsg.Processing, opts), describe(m)...)
	return ctx, &message{m, ctx, p}, p
}

// ProcessBatch opens the points of messages that are handled together, see
// [rpctrace.ConsumeBatch]; the caller stops the Batch. How each message is
// acknowledged is not recorded.
func ProcessBatch(ctx context.Context, svc *profiler.Service, messages []jetstream.Msg, opts ...Option) (context.Context, rpctrace.Batch) {
	if len(messages) == 0 {
		return ctx, rpctrace.Batch{}
	}
	carriers := make([]header.Carrier, len(messages))
	size, redelivered := 0, 0
	for i, m := range messages {
		carriers[i] = natsmsg.Headers(m.Headers())
		size += len(m.Data())
		if meta, err := m.Metadata(); err == nil && meta.NumDelivered > 1 {
			redelivered++
		}
	}
	attrs := []slog.Attr{slog.String("subject", messages[0].Subject()), slog.Int("bytes", size)}
	if meta, err := messages[0].Metadata(); err == nil {
		attrs = append(attrs, slog.String("stream", meta.Stream), slog.String("consumer", meta.Consumer))
	}
	if redelivered > 0 {
		attrs = append(attrs, slog.Int("redelivered", redelivered))
	}
	return rpctrace.ConsumeBatch(ctx, svc, carriers, natsmsg.As(natsmsg.Processing, opts), messages[0].Subject(), attrs...)
}

func describe(m jetstream.Msg) []slog.Attr {
	attrs := []slog.Attr{slog.String("subject", m.Subject()), slog.Int("bytes", len(m.Data()))}
	meta, err := m.Metadata()
	if err != nil {
		return attrs
	}
	return append(attrs,
		slog.String("stream", meta.Stream), slog.String("consumer", meta.Consumer),
		slog.Uint64("stream_seq", meta.Sequence.Stream), slog.Uint64("consumer_seq", meta.Sequence.Consumer),
		slog.Uint64("delivered", meta.NumDelivered), slog.Uint64("pending", meta.NumPending),
		slog.Time("stored", meta.Timestamp))
}
