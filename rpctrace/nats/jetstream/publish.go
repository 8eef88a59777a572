package sondejetstream

import (
	"context"
	"errors"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// Publish is js.Publish within the trace of ctx.
func Publish(ctx context.Context, js jetstream.Publisher, subject string, data []byte, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	if !profiler.Carries(ctx) {
		return js.Publish(ctx, subject, data, opts...)
	}
	return publish(ctx, js, &nats.Msg{Subject: subject, Data: data}, opts)
}

// PublishMsg is js.PublishMsg within the trace of ctx. m is not changed. If m was
// received, it is sent without the trace headers that it arrived with, whether or
// not ctx carries a trace.
func PublishMsg(ctx context.Context, js jetstream.Publisher, m *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	if m == nil || !profiler.Carries(ctx) {
		return js.PublishMsg(ctx, natsmsg.Unsigned(m), opts...)
	}
	return publish(ctx, js, m, opts)
}

func publish(ctx context.Context, js jetstream.Publisher, m *nats.Msg, opts []jetstream.PublishOpt) (*jetstream.PubAck, error) {
	ctx, p := natsmsg.Open(ctx, "nats_publish", layer.Producer, m, naming(js))
	signed, unsigned := natsmsg.Inject(ctx, m)
	ack, err := js.PublishMsg(ctx, signed, opts...)
	var told []slog.Attr
	if signed != unsigned && refusesHeaders(err) {
		told = append(told, natsmsg.Bare)
		ack, err = js.PublishMsg(ctx, unsigned, opts...)
	}
	if ack != nil {
		told = append(told, slog.String("stream", ack.Stream), slog.Uint64("stream_seq", ack.Sequence))
		if ack.Duplicate {
			told = append(told, slog.Bool("duplicate", true))
		}
	}
	p.End(natsmsg.Ending(err), told...)
	return ack, err
}

// refusesHeaders also recognises the answer of a stream that does not accept a
// message of this size.
func refusesHeaders(err error) bool {
	const code = 10054 // newer releases of nats.go have a name for it
	var api *jetstream.APIError
	return natsmsg.RefusesHeaders(err) ||
		errors.As(err, &api) && api.ErrorCode == code
}

// PublishAsync is js.PublishAsync within the trace of ctx, which cannot cancel
// it. The point ends when the message has been handed over, so the result of the
// future is not part of it.
func PublishAsync(ctx context.Context, js jetstream.Publisher, subject string, data []byte, opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
	if !profiler.Carries(ctx) {
		return js.PublishAsync(subject, data, opts...)
	}
	return publishAsync(ctx, js, &nats.Msg{Subject: subject, Data: data}, opts)
}

// PublishMsgAsync is js.PublishMsgAsync within the trace of ctx, see
// [PublishAsync]. m is not changed: if it is sent with other headers, see
// [PublishMsg], the message of the future is a copy.
func PublishMsgAsync(ctx context.Context, js jetstream.Publisher, m *nats.Msg, opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
	if m == nil || !profiler.Carries(ctx) {
		return js.PublishMsgAsync(natsmsg.Unsigned(m), opts...)
	}
	return publishAsync(ctx, js, m, opts)
}

func publishAsync(ctx context.Context, js jetstream.Publisher, m *nats.Msg, opts []jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
	ctx, p := natsmsg.Open(ctx, "nats_publish", layer.Producer, m, naming(js))
	signed, unsigned := natsmsg.Inject(ctx, m)
	future, err := js.PublishMsgAsync(signed, opts...)
	told := []slog.Attr{slog.Bool("async", true)}
	if signed != unsigned && natsmsg.RefusesHeaders(err) {
		told = append(told, natsmsg.Bare)
		future, err = js.PublishMsgAsync(unsigned, opts...)
	}
	p.End(natsmsg.Ending(err), told...)
	return future, err
}
