// Package toybus is a message bus in memory, instrumented with what Sonde
// exports: the example of a layer that another module adds.
package toybus

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace"
)

// bus is what reports and OpenTelemetry are told of the points below.
var bus = &layer.Layer{
	Group: "toybus",
	Label: "{toybus.topic}",
	Span:  "{operation} {toybus.topic}",
	Attributes: []layer.Attribute{
		{Name: "messaging.system", Value: "toybus"},
		{Name: "messaging.destination.name", Value: "{toybus.topic}"},
		{Name: "messaging.message.body.size", Value: "{toybus.bytes}"},
	},
}

// Message is a message of the bus. Its Header carries the trace.
type Message struct {
	Topic  string
	Header Header
	Body   []byte
}

// Header is a header.Carrier.
type Header map[string]string

// Get returns the value called name.
func (h Header) Get(name string) string { return h[name] }

// Set replaces it.
func (h Header) Set(name, value string) { h[name] = value }

// Publish gives m to send, inside a point of the trace in ctx.
func Publish(ctx context.Context, m *Message, send func(context.Context, *Message) error) error {
	point := profiler.Opening{Name: "toybus_publish", Layer: bus, Kind: layer.Producer}
	if m.Header == nil {
		m.Header = Header{}
	}
	return rpctrace.Produce(ctx, m.Header, point, func(ctx context.Context) error {
		return send(ctx, m)
	}, about(m)...)
}

// Handle gives m to handle, inside a point of the trace that m carries.
func Handle(ctx context.Context, svc *profiler.Service, m *Message, handle func(context.Context, *Message) error) error {
	point := profiler.Opening{Name: "toybus_process", Layer: bus, Kind: layer.Consumer}
	return rpctrace.Process(ctx, svc, m.Header, point, m.Topic, func(ctx context.Context) error {
		return handle(ctx, m)
	}, about(m)...)
}

func about(m *Message) []slog.Attr {
	return []slog.Attr{slog.String("topic", m.Topic), slog.Int("bytes", len(m.Body))}
}
