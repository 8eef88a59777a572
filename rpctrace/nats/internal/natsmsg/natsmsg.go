// Package natsmsg is what the packages for core NATS, JetStream and micro
// services share: the points of NATS and the trace in a message's headers.
package natsmsg

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Processing is the point around what a consumer does.
var Processing = profiler.Opening{Name: "nats_process", Layer: layer.NATS, Kind: layer.Consumer}

// Option configures a publication, a request or a consumer.
type Option struct{ name string }

// WithName sets the name of the point; see the packages that export it.
func WithName(name string) Option { return Option{name} }

// As returns o with opts applied.
func As(o profiler.Opening, opts []Option) profiler.Opening {
	for _, opt := range opts {
		o.Name = cmp.Or(opt.name, o.Name)
	}
	return o
}

// Bare records that the message of a point was sent without the trace's headers.
var Bare = slog.Bool("headers", false)

// Open opens the point of a message that is about to be sent.
func Open(ctx context.Context, name string, kind layer.Kind, m *nats.Msg, opts []Option) (context.Context, profiler.Point) {
	return profiler.Open(ctx, As(profiler.Opening{Name: name, Layer: layer.NATS, Kind: kind}, opts),
		slog.String("subject", m.Subject), slog.Int("bytes", len(m.Data)))
}

// Inject returns a copy of m that carries the trace of ctx, and the message to send
// if headers are refused, see [Unsigned]. The two are one if there is no trace.
func Inject(ctx context.Context, m *nats.Msg) (signed, unsigned *nats.Msg) {
	unsigned = Unsigned(m)
	h := make(nats.Header, len(unsigned.Header)+2)
	maps.Copy(h, unsigned.Header)
	if !profiler.Inject(ctx, Headers(h)) {
		return unsigned, unsigned
	}
	return with(h, m), unsigned
}

// Unsigned returns m, or a copy without the trace headers if m has them because it
// was received and is being forwarded.
func Unsigned(m *nats.Msg) *nats.Msg {
	if m == nil {
		return nil
	}
	for key := range m.Header {
		if isTraceHeader(key) {
			h := maps.Clone(m.Header)
			maps.DeleteFunc(h, func(key string, _ []string) bool { return isTraceHeader(key) })
			return with(h, m)
		}
	}
	return m
}

func isTraceHeader(key string) bool {
	return strings.EqualFold(key, header.InfoName) || strings.EqualFold(key, header.HMACName)
}

func with(h nats.Header, m *nats.Msg) *nats.Msg {
	return &nats.Msg{Subject: m.Subject, Reply: m.Reply, Header: h, Data: m.Data}
}

// Headers are those of a message, as the profiler sees them.
type Headers nats.Header

// Get returns a header's value. Several values count as unsigned. Other libraries
// spell traceparent as HTTP does, or as it is.
func (h Headers) Get(name string) string {
	values := h[name]
	if name == header.TraceParentName && values == nil {
		values = h[traceParentKey]
	}
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return ","
}

// Set replaces a header.
func (h Headers) Set(name, value string) {
	if name == header.TraceParentName {
		delete(h, traceParentKey)
	}
	h[name] = []string{value}
}

// traceParentKey is the other spelling of traceparent.
const traceParentKey = "Traceparent"

// Del removes a header.
func (h Headers) Del(name string) { delete(h, name) }

// RefusesHeaders reports whether a message was not sent because of its headers, so
// that it may be sent again without those of the trace.
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
