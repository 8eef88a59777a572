package sondenats

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
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

// serviceErrorCode is the header in which a micro service answers that it
// failed, which is no error of the request itself.
const serviceErrorCode = "Nats-Service-Error-Code"

func request(ctx context.Context, nc *nats.Conn, m *nats.Msg) (*nats.Msg, error) {
	ctx, p := natsmsg.Open(ctx, "nats_request", layer.Client, m)
	signed := natsmsg.Inject(ctx, m)
	reply, err := nc.RequestMsgWithContext(ctx, signed)
	var attrs [3]slog.Attr
	got := attrs[:0]
	if signed != m && natsmsg.RefusesHeaders(err) {
		got = append(got, natsmsg.Bare)
		reply, err = nc.RequestMsgWithContext(ctx, m)
	}
	if reply != nil {
		got = append(got, slog.Int("reply_bytes", len(reply.Data)))
		if code := reply.Header.Get(serviceErrorCode); code != "" {
			got = append(got, slog.String("error_code", code))
		}
	}
	p.End(natsmsg.Ending(err), got...)
	return reply, err
}
