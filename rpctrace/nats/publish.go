package sondenats

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// Publish is nc.Publish within the trace of ctx. It waits for no more than
// nc.Publish does, so ctx cannot cancel it.
func Publish(ctx context.Context, nc *nats.Conn, subject string, data []byte, opts ...Option) error {
	if !profiler.Carries(ctx) {
		return nc.Publish(subject, data)
	}
	return publish(ctx, nc, &nats.Msg{Subject: subject, Data: data}, opts)
}

// PublishRequest is nc.PublishRequest within the trace of ctx: a publication
// whose receivers reply to the subject reply.
func PublishRequest(ctx context.Context, nc *nats.Conn, subject, reply string, data []byte, opts ...Option) error {
	if reply == "" || !profiler.Carries(ctx) { // no reply is for nc to refuse
		return nc.PublishRequest(subject, reply, data)
	}
	return publish(ctx, nc, &nats.Msg{Subject: subject, Reply: reply, Data: data}, opts)
}

// PublishMsg is nc.PublishMsg within the trace of ctx. m is not changed. If m was
// received, it is sent without the trace headers that it arrived with, whether or
// not ctx carries a trace.
func PublishMsg(ctx context.Context, nc *nats.Conn, m *nats.Msg, opts ...Option) error {
	if m == nil || !profiler.Carries(ctx) {
		return nc.PublishMsg(natsmsg.Unsigned(m))
	}
	return publish(ctx, nc, m, opts)
}

func publish(ctx context.Context, nc *nats.Conn, m *nats.Msg, opts []Option) error {
	ctx, p := natsmsg.Open(ctx, "nats_publish", layer.Producer, m, opts)
	signed, unsigned := natsmsg.Inject(ctx, m)
	err := nc.PublishMsg(signed)
	if signed != unsigned && natsmsg.RefusesHeaders(err) {
		err = nc.PublishMsg(unsigned)
		p.End(natsmsg.Ending(err), natsmsg.Bare)
		return err
	}
	p.End(natsmsg.Ending(err))
	return err
}
