package sondenats

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// Publish is nc.Publish within the trace of ctx. It does not wait for anything
// that nc.Publish does not wait for, so ctx cannot cancel it.
func Publish(ctx context.Context, nc *nats.Conn, subject string, data []byte) error {
	if !profiler.Active(ctx) {
		return nc.Publish(subject, data)
	}
	return publish(ctx, nc, &nats.Msg{Subject: subject, Data: data})
}

// PublishRequest is nc.PublishRequest within the trace of ctx: a publication
// whose receivers answer to the subject reply.
func PublishRequest(ctx context.Context, nc *nats.Conn, subject, reply string, data []byte) error {
	if reply == "" || !profiler.Active(ctx) { // no reply is for nc to refuse
		return nc.PublishRequest(subject, reply, data)
	}
	return publish(ctx, nc, &nats.Msg{Subject: subject, Reply: reply, Data: data})
}

// PublishMsg is nc.PublishMsg within the trace of ctx. m is not changed.
func PublishMsg(ctx context.Context, nc *nats.Conn, m *nats.Msg) error {
	if m == nil || !profiler.Active(ctx) {
		return nc.PublishMsg(m)
	}
	return publish(ctx, nc, m)
}

func publish(ctx context.Context, nc *nats.Conn, m *nats.Msg) error {
	ctx, p := natsmsg.Open(ctx, "nats_publish", layer.Producer, m)
	signed := natsmsg.Inject(ctx, m)
	err := nc.PublishMsg(signed)
	if signed != m && natsmsg.RefusesHeaders(err) {
		err = nc.PublishMsg(m)
		p.End(natsmsg.Ending(err), natsmsg.Bare)
		return err
	}
	p.End(natsmsg.Ending(err))
	return err
}
