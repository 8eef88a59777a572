// Package natsmsg is what the packages for core NATS, JetStream and micro
// services share: the points of NATS and the trace in a message's headers.
package natsmsg

import (
	"context"
	"errors"
	"log/slog"
	"maps"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Processing is the point around what a consumer does.
var Processing = profiler.Opening{Name: "nats_process", Layer: layer.NATS, Kind: layer.Consumer}

// Bare says of a point that its message went without the trace's headers.
var Bare = slog.Bool("headers", false)

// Open opens the point of a message that is about to be sent.
func Open(ctx context.Context, name string, kind layer.Kind, m *nats.Msg) (context.Context, profiler.Point) {
	return profiler.Open(ctx, profiler.Opening{Name: name, Layer: layer.NATS, Kind: kind},
		slog.String("subject", m.Subject), slog.Int("bytes", len(m.Data)))
}

// Inject returns a copy of m that carries the trace of ctx, m itself if there
// is nothing to carry.
func Inject(ctx context.Context, m *nats.Msg) *nats.Msg {
	h := make(nats.Header, len(m.Header)+2)
	maps.Copy(h, m.Header)
	if !profiler.Inject(ctx, h) {
		return m
	}
	return &nats.Msg{Subject: m.Subject, Reply: m.Reply, Header: h, Data: m.Data}
}

// RefusesHeaders says whether a message was not sent for the sake of its
// headers, so that it may be sent again without those of the trace.
func RefusesHeaders(err error) bool {
	return errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrHeadersNotSupported)
}

// Ending says how a point ends with err.
func Ending(err error) profiler.Ending {
	end := profiler.Ending{Group: layer.NATS.Group, Err: err}
	if errors.Is(err, nats.ErrTimeout) { // which does not say so of itself
		end.Outcome = "timeout"
	}
	return end
}
