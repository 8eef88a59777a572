package sondenats

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/profiler"
)

// Request is nc.RequestWithContext within the trace of ctx. The deadline of
// ctx is the request's.
func Request(ctx context.Context, nc *nats.Conn, subject string, data []byte) (*nats.Msg, error) {
	if !profiler.Active(ctx) {
		return nc.RequestWithContext(ctx, subject, data)
	}
	return request(ctx, nc, &nats.Msg{Subject: subject, Data: data})
}

// RequestMsg is nc.RequestMsgWithContext within the trace of ctx. m is not
// changed.
func RequestMsg(ctx context.Context, nc *nats.Conn, m *nats.Msg) (*nats.Msg, error) {
	if m == nil || !profiler.Active(ctx) {
		return nc.RequestMsgWithContext(ctx, m)
	}
	return request(ctx, nc, m)
}

func request(ctx context.Context, nc *nats.Conn, m *nats.Msg) (*nats.Msg, error) {
	ctx, p := open(ctx, "nats_request", m)
	signed := inject(ctx, m)
	reply, err := nc.RequestMsgWithContext(ctx, signed)
	var attrs [2]slog.Attr
	got := attrs[:0]
	if signed != m && refusesHeaders(err) {
		got = append(got, bare)
		reply, err = nc.RequestMsgWithContext(ctx, m)
	}
	if reply != nil {
		got = append(got, slog.Int("reply_bytes", len(reply.Data)))
	}
	p.End(ending(err), got...)
	return reply, err
}
