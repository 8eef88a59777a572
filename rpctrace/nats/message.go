package sondenats

import (
	"context"
	"errors"
	"log/slog"
	"maps"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace"
)

// group is the key of info that all attributes stand under, and the layer that
// an admission hook is told.
const group = "nats"

// bare says of a point that its message went without the trace's headers.
var bare = slog.Bool("headers", false)

// open opens the point of a message that is about to be sent.
func open(ctx context.Context, name string, m *nats.Msg) (context.Context, profiler.Point) {
	return profiler.Open(ctx, profiler.Opening{Name: name, Group: group},
		slog.String("subject", m.Subject), slog.Int("bytes", len(m.Data)))
}

// inject returns a copy of m that carries the trace of ctx, m itself if there
// is nothing to carry.
func inject(ctx context.Context, m *nats.Msg) *nats.Msg {
	h := make(nats.Header, len(m.Header)+2)
	maps.Copy(h, m.Header)
	if !rpctrace.Inject(ctx, h) {
		return m
	}
	return &nats.Msg{Subject: m.Subject, Reply: m.Reply, Header: h, Data: m.Data}
}

// refusesHeaders says whether a message was not sent for the sake of its
// headers, so that it may be sent again without those of the trace.
func refusesHeaders(err error) bool {
	return errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrHeadersNotSupported)
}

func ending(err error) profiler.Ending {
	end := rpctrace.Ending(err)
	end.Group = group
	if err != nil && errors.Is(err, nats.ErrTimeout) {
		end.Outcome = "timeout"
	}
	return end
}
