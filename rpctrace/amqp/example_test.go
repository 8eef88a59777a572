package sondeamqp_test

import (
	"context"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace/amqp"
)

func ExamplePublish() {
	publish := func(ctx context.Context, ch *amqp.Channel, order []byte) error {
		return sondeamqp.Publish(ctx, ch, "orders", "new", false, false, amqp.Publishing{Body: order})
	}
	_ = publish
}

func ExampleHandle() {
	work := func(ctx context.Context, svc *profiler.Service, deliveries <-chan amqp.Delivery) {
		for d := range deliveries {
			err := sondeamqp.Handle(ctx, svc, &d, func(context.Context) error {
				return nil // within the trace of the order's producer
			})
			if err == nil {
				_ = d.Ack(false)
			}
		}
	}
	_ = work
}
