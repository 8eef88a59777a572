package sondeamqp

import (
	"cmp"
	"context"
	"log/slog"
	"maps"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace"
)

// Option configures a publication or a consumer.
type Option func(*profiler.Opening)

// WithName sets the name of the point. The default is "amqp_publish" or
// "amqp_process", as is an empty name. Reports group points by name; OSProfiler's own
// services call the points of messages "rpc".
func WithName(name string) Option {
	return func(o *profiler.Opening) { o.Name = cmp.Or(name, o.Name) }
}

func opening(name string, kind layer.Kind, opts []Option) profiler.Opening {
	o := profiler.Opening{Name: name, Layer: layer.RabbitMQ, Kind: kind}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Publish is ch.PublishWithContext within the trace of ctx. msg's table of headers is
// not changed.
func Publish(ctx context.Context, ch *amqp.Channel, exchange, key string, mandatory, immediate bool, msg amqp.Publishing, opts ...Option) error {
	_, err := publish(ctx, exchange, key, msg, opts, func(ctx context.Context, msg amqp.Publishing) (*amqp.DeferredConfirmation, error) {
		return nil, ch.PublishWithContext(ctx, exchange, key, mandatory, immediate, msg)
	})
	return err
}

// PublishWithDeferredConfirm is ch.PublishWithDeferredConfirmWithContext within the
// trace of ctx, see [Publish]. The point does not last until the confirmation.
func PublishWithDeferredConfirm(ctx context.Context, ch *amqp.Channel, exchange, key string, mandatory, immediate bool, msg amqp.Publishing, opts ...Option) (*amqp.DeferredConfirmation, error) {
	return publish(ctx, exchange, key, msg, opts, func(ctx context.Context, msg amqp.Publishing) (*amqp.DeferredConfirmation, error) {
		return ch.PublishWithDeferredConfirmWithContext(ctx, exchange, key, mandatory, immediate, msg)
	})
}

func publish(ctx context.Context, exchange, key string, msg amqp.Publishing, opts []Option,
	send func(context.Context, amqp.Publishing) (*amqp.DeferredConfirmation, error),
) (confirmation *amqp.DeferredConfirmation, err error) {
	traced := profiler.Active(ctx)
	if !profiler.Carries(ctx) && header.Read(headers(msg.Headers)) == (header.Signed{}) {
		return send(ctx, msg)
	}
	msg.Headers = maps.Clone(msg.Headers)
	if msg.Headers == nil {
		msg.Headers = amqp.Table{}
	}
	var attrs []slog.Attr
	if traced {
		attrs = []slog.Attr{slog.String("exchange", exchange), slog.String("routing_key", key), slog.Int("bytes", len(msg.Body))}
	}
	err = rpctrace.Produce(ctx, headers(msg.Headers), opening("amqp_publish", layer.Producer, opts), func(ctx context.Context) (err error) {
		confirmation, err = send(ctx, msg)
		return err
	}, attrs...)
	return confirmation, err
}

// Process opens the point of a delivery and returns the context to handle it in; the
// caller stops the point, see [rpctrace.Consume]. For a delivery that is not traced
// it returns ctx and the zero Point. svc is the service that handles it.
func Process(ctx context.Context, svc *profiler.Service, d *amqp.Delivery, opts ...Option) (context.Context, profiler.Point) {
	in := rpctrace.Receive(ctx, svc, headers(d.Headers), layer.RabbitMQ.Group, d.RoutingKey)
	if !in.Traced() {
		return in.Pass(ctx), profiler.Point{}
	}
	return in.Open(ctx, opening("amqp_process", layer.Consumer, opts), slog.String("exchange", d.Exchange),
		slog.String("routing_key", d.RoutingKey), slog.Int("bytes", len(d.Body)), slog.Bool("redelivered", d.Redelivered))
}

// Handle calls fn once, inside the point of a delivery; see [Process]. The point
// fails with the error of fn, which Handle returns; a panic is recorded and passes
// on. Acknowledging the delivery is left to fn or the caller.
func Handle(ctx context.Context, svc *profiler.Service, d *amqp.Delivery, fn func(context.Context) error, opts ...Option) error {
	ctx, p := Process(ctx, svc, d, opts...)
	return rpctrace.Run(ctx, p, fn)
}

// headers are a message's table as a carrier.
type headers amqp.Table

// Get returns a header, which other clients may have sent as bytes. Any other value
// counts as unsigned.
func (h headers) Get(name string) string {
	switch v := h[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ","
}

// Set replaces a header.
func (h headers) Set(name, value string) { h[name] = value }

// Del removes a header.
func (h headers) Del(name string) { delete(h, name) }
