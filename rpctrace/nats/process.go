package sondenats

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// Handler makes fn a handler for nc.Subscribe and nc.QueueSubscribe. The
// context that fn is given carries the trace of the message's producer, and
// nothing else: it is context.Background for a message that is not traced.
// svc is the service that fn belongs to. A panic of fn is recorded and passes
// on.
func Handler(svc *profiler.Service, fn func(context.Context, *nats.Msg)) nats.MsgHandler {
	return func(m *nats.Msg) {
		a := about(m)
		_ = rpctrace.Process(context.Background(), svc, m.Header, natsmsg.Processing, m.Subject,
			func(ctx context.Context) error {
				fn(ctx, m)
				return nil
			}, a.attrs()...)
	}
}

// Process opens the point of a message that was received without a handler,
// from NextMsg or a channel, and returns the context for what is done about
// it. The caller stops the point:
//
//	m, err := sub.NextMsgWithContext(ctx)
//	…
//	ctx, p := sondenats.Process(ctx, svc, m)
//	defer p.Stop()
//
// For a message that is not traced it returns ctx and a zero point.
func Process(ctx context.Context, svc *profiler.Service, m *nats.Msg) (context.Context, profiler.Point) {
	a := about(m)
	return rpctrace.Consume(ctx, svc, m.Header, natsmsg.Processing, m.Subject, a.attrs()...)
}

// description is what the info of a received message tells.
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
