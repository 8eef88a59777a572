package sondejetstream

import (
	"context"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// message is a traced message: how it is acknowledged goes into its point. If it
// is acknowledged several times, the last one counts.
type message struct {
	jetstream.Msg
	ctx context.Context
	p   profiler.Point
}

func (m *message) note(err error, how string, more ...slog.Attr) error {
	if err == nil {
		m.p.Add(slog.Attr{Key: layer.NATS.Group, Value: slog.GroupValue(append([]slog.Attr{slog.String("ack", how)}, more...)...)})
	}
	return err
}

func (m *message) Ack() error { return m.note(m.Msg.Ack(), "ack") }

// DoubleAck waits for the server, so it has a point of its own. That is below the
// message's point, unless ctx is that of a point inside it.
func (m *message) DoubleAck(ctx context.Context) error {
	from := ctx
	if !profiler.Active(from) {
		from = m.ctx
	}
	_, p := profiler.Open(from, profiler.Opening{Name: "nats_ack", Layer: layer.NATS, Kind: layer.Client})
	err := m.Msg.DoubleAck(ctx)
	p.End(natsmsg.Ending(err))
	return m.note(err, "double_ack")
}

func (m *message) Nak() error { return m.note(m.Msg.Nak(), "nak") }

func (m *message) NakWithDelay(delay time.Duration) error {
	return m.note(m.Msg.NakWithDelay(delay), "nak", slog.Duration("delay", delay))
}

func (m *message) Term() error { return m.note(m.Msg.Term(), "term") }

func (m *message) TermWithReason(reason string) error {
	return m.note(m.Msg.TermWithReason(reason), "term", slog.String("reason", reason))
}
