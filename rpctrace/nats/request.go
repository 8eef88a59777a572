package sondenats

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// Request is nc.RequestWithContext within the trace of ctx, whose deadline limits
// the request.
func Request(ctx context.Context, nc *nats.Conn, subject string, data []byte, opts ...Option) (*nats.Msg, error) {
	if !profiler.Carries(ctx) {
		return nc.RequestWithContext(ctx, subject, data)
	}
	return request(ctx, nc, &nats.Msg{Subject: subject, Data: data}, opts)
}

// RequestMsg is nc.RequestMsgWithContext within the trace of ctx. m is not
// changed, and is sent without the trace headers that it arrived with; see
// [PublishMsg].
func RequestMsg(ctx context.Context, nc *nats.Conn, m *nats.Msg, opts ...Option) (*nats.Msg, error) {
	if m == nil || !profiler.Carries(ctx) {
		return nc.RequestMsgWithContext(ctx, natsmsg.Unsigned(m))
	}
	return request(ctx, nc, m, opts)
}

// serviceErrorCode is the header in which a micro service reports that it failed,
// which is not an error of the request itself.
const serviceErrorCode = "Nats-Service-Error-Code"

func request(ctx context.Context, nc *nats.Conn, m *nats.Msg, opts []Option) (*nats.Msg, error) {
	ctx, p := natsmsg.Open(ctx, "nats_request", layer.Client, m, opts)
	signed, unsigned := natsmsg.Inject(ctx, m)
	reply, err := nc.RequestMsgWithContext(ctx, signed)
	var attrs [3]slog.Attr
	got := attrs[:0]
	if signed != unsigned && natsmsg.RefusesHeaders(err) {
		got = append(got, natsmsg.Bare)
		reply, err = nc.RequestMsgWithContext(ctx, unsigned)
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
