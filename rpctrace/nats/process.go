package sondenats

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// Handler wraps fn for nc.Subscribe and nc.QueueSubscribe. The context passed to
// fn carries the trace of the message's producer and nothing else: it is
// context.Background for a message that is not traced. svc is the service that fn
// belongs to. A panic of fn is recorded and passes on.
func Handler(svc *profiler.Service, fn func(context.Context, *nats.Msg), opts ...Option) nats.MsgHandler {
	o := natsmsg.As(natsmsg.Processing, opts)
	return func(m *nats.Msg) {
		a := about(m)
		_ = rpctrace.Process(context.Background(), svc, natsmsg.Headers(m.Header), o, m.Subject,
			func(ctx context.Context) error {
				fn(ctx, m)
				return nil
			}, a.attrs()...)
	}
}

// Process opens the point of a message that was received without a handler,
// from NextMsg or a channel, and returns the context to handle it in. The caller
// stops the point:
//
//	m, err := sub.NextMsgWithContext(ctx)
//	…
//	ctx, p := sondenats.Process(ctx, svc, m)
//	defer p.Stop()
//
// For a message that is not traced it returns ctx and the zero Point.
func Process(ctx context.Context, svc *profiler.Service, m *nats.Msg, opts ...Option) (context.Context, profiler.Point) {
	a := about(m)
	return rpctrace.Consume(ctx, svc, natsmsg.Headers(m.Header), natsmsg.As(natsmsg.Processing, opts), m.Subject, a.attrs()...)
}

// description is what is recorded about a received message.
type description struct {
	list [3]slog.Attr
	n    int
}

func about(m *nats.Msg) description {
	d := description{n: 2}
	d.list[0] = slog.String("subject", m.Subject)
	d.list[1] = slog.Int("bytes", len(m.Data))
	if m.Sub != nil && m.Sub.Queue != "" {
		d.list[2] = slog.String("queue", m.Sub.Queue)
		d.n = 3
	}
	return d
}

func (d *description) attrs() []slog.Attr { return d.list[:d.n] }
