package rpctrace_test

import (
	"context"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace"
)

// All that RabbitMQ needs: its table of headers as a Carrier, and two names.

type amqpHeaders amqp.Table

func (h amqpHeaders) Get(name string) string { s, _ := h[name].(string); return s }
func (h amqpHeaders) Set(name, value string) { h[name] = value }

var (
	amqpLayer      = &layer.Layer{Group: "amqp", Label: "{amqp.queue}"}
	amqpPublishing = profiler.Opening{Name: "amqp_publish", Layer: amqpLayer, Kind: layer.Producer}
	amqpProcessing = profiler.Opening{Name: "amqp_process", Layer: amqpLayer, Kind: layer.Consumer}
)

// Example_rabbitMQ sends and receives with github.com/rabbitmq/amqp091-go. The
// table of headers is the only thing that the bus has to bring:
//
//	type amqpHeaders amqp.Table
//
//	func (h amqpHeaders) Get(name string) string { s, _ := h[name].(string); return s }
//	func (h amqpHeaders) Set(name, value string) { h[name] = value }
func Example_rabbitMQ() {
	publish := func(ctx context.Context, ch *amqp.Channel, queue string, body []byte) error {
		headers := amqpHeaders{}
		return rpctrace.Produce(ctx, headers, amqpPublishing, func(ctx context.Context) error {
			return ch.PublishWithContext(ctx, "", queue, false, false,
				amqp.Publishing{Headers: amqp.Table(headers), Body: body})
		})
	}
	consume := func(ctx context.Context, svc *profiler.Service, d amqp.Delivery, handle func(context.Context) error) error {
		return rpctrace.Process(ctx, svc, amqpHeaders(d.Headers), amqpProcessing, d.RoutingKey, handle)
	}
	_, _ = publish, consume
}

func TestRabbitMQ(t *testing.T) {
	server := servertest.RabbitMQ(t)
	conn, err := amqp.Dial("amqp://guest:guest@" + server.Addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	queue, err := ch.QueueDeclare("orders", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	deliveries, err := ch.Consume(queue.Name, "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	shop, sent := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")
	root, p := shop.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer p.Stop()

	for _, ctx := range []context.Context{root, context.Background()} {
		headers := amqpHeaders{"own": "kept", "number": int32(7)}
		err := rpctrace.Produce(ctx, headers, amqpPublishing, func(ctx context.Context) error {
			return ch.PublishWithContext(ctx, "", queue.Name, false, false,
				amqp.Publishing{Headers: amqp.Table(headers), Body: []byte("body")})
		})
		if err != nil {
			t.Fatal(err)
		}
		d := watchdog.Await(t, "the message", deliveries)
		if d.Headers["own"] != "kept" || d.Headers["number"] != int32(7) || string(d.Body) != "body" {
			t.Errorf("delivered %v %q", d.Headers, d.Body)
		}
		err = rpctrace.Process(context.Background(), stock, amqpHeaders(d.Headers), amqpProcessing, d.RoutingKey,
			func(context.Context) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	if in := received.One(t, "amqp_process"); in.Parent != sent.One(t, "amqp_publish").ID {
		t.Errorf("%+v", in)
	}
}
