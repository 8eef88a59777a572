package sondeamqp_test

import (
	"context"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/rpctrace/amqp"
)

func ExamplePublish() {
	publish := func(ctx context.Context, ch *amqp.Channel, order []byte) error {
		return sondeamqp.Publish(ctx, ch, "orders", "new", false, false, amqp.Publishing{Body: order})
	}
	_ = publish
}

// printer is a sink that prints records.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Printf("%s %s\n", events[i].RecordName(), events[i].Info())
	}
	return nil
}

// table is a message's headers.
type table amqp.Table

func (t table) Get(name string) string { s, _ := t[name].(string); return s }
func (t table) Set(name, value string) { t[name] = value }

func ExampleHandle() {
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "stock", Host: "h", Keys: keys, Sink: printer{}})
	work := func(ctx context.Context, deliveries <-chan amqp.Delivery) {
		for d := range deliveries {
			err := sondeamqp.Handle(ctx, svc, &d, func(ctx context.Context) error {
				return profiler.Trace(ctx, "reserve", func(context.Context) error { return nil })
			})
			if err == nil {
				_ = d.Ack(false)
			}
		}
	}

	// A message of a producer's trace, as Publish sends it, and another one.
	ctx, _ := svc.Begin(context.Background(), profiler.Opening{Name: "checkout"})
	headers := amqp.Table{}
	profiler.Inject(ctx, table(headers))
	deliveries := make(chan amqp.Delivery, 2)
	deliveries <- amqp.Delivery{Headers: headers, Exchange: "orders", RoutingKey: "new", Body: []byte("7 tea")}
	deliveries <- amqp.Delivery{Exchange: "orders", RoutingKey: "new"}
	close(deliveries)
	work(context.Background(), deliveries)
	_ = svc.Close(context.Background())
	// Unordered output:
	// checkout-start {"sonde":{"kind":"internal"},"host":"h"}
	// amqp_process-start {"amqp":{"exchange":"orders","routing_key":"new","bytes":5,"redelivered":false},"sonde":{"kind":"consumer"},"host":"h"}
	// reserve-start {"sonde":{"kind":"internal"},"host":"h"}
	// reserve-stop {"host":"h"}
	// amqp_process-stop {"host":"h"}
}
