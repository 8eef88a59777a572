package sondeamqp_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace/amqp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// queue is a queue of a real RabbitMQ, and what arrives there.
func queue(t *testing.T) (*amqp.Channel, string, <-chan amqp.Delivery) {
	conn, err := amqp.Dial("amqp://guest:guest@" + servertest.RabbitMQ(t).Addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	q, err := ch.QueueDeclare("orders", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	deliveries, err := ch.Consume(q.Name, "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ch, q.Name, deliveries
}

func tableOf(h profilertest.Headers) amqp.Table {
	table := amqp.Table{}
	for name, value := range h.All() {
		if had, ok := table[name]; ok {
			table[name] = []any{had, value}
		} else {
			table[name] = value
		}
	}
	return table
}

func TestArrivals(t *testing.T) {
	profilertest.Receiver{
		Layer: "amqp", Kind: layer.Consumer,
		Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			d := amqp.Delivery{RoutingKey: "orders", Headers: tableOf(h)}
			_ = sondeamqp.Handle(ctx, svc, &d, func(ctx context.Context) error {
				inside(ctx)
				return nil
			})
		},
	}.Test(t)
}

func TestSends(t *testing.T) {
	ch, name, deliveries := queue(t)
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	for how, send := range map[string]func(context.Context, amqp.Publishing) error{
		"Publish": func(ctx context.Context, m amqp.Publishing) error {
			return sondeamqp.Publish(ctx, ch, "", name, false, false, m)
		},
		"PublishWithDeferredConfirm": func(ctx context.Context, m amqp.Publishing) error {
			c, err := sondeamqp.PublishWithDeferredConfirm(ctx, ch, "", name, false, false, m)
			if err == nil && !c.Wait() {
				err = errors.New("not confirmed")
			}
			return err
		},
	} {
		t.Run(how, profilertest.Sender{
			Send: func(t *testing.T, ctx context.Context, h profilertest.Headers) profilertest.Headers {
				table := tableOf(h)
				table["own"] = int32(7)
				before := maps.Clone(table)
				if err := send(ctx, amqp.Publishing{Headers: table, Body: []byte("body")}); err != nil {
					t.Fatal(err)
				}
				d := watchdog.Await(t, "the message", deliveries)
				if d.Headers["own"] != int32(7) || string(d.Body) != "body" || len(before) != len(table) {
					t.Errorf("delivered %v %q, and the caller's table became %v", d.Headers, d.Body, table)
				}
				sent := profilertest.Headers{}
				for _, name := range []string{header.InfoName, header.HMACName, header.TraceParentName} {
					if text, ok := d.Headers[name].(string); ok {
						sent[name] = text
					}
				}
				return sent
			},
		}.Test)
	}
}

func TestPoints(t *testing.T) {
	ch, name, deliveries := queue(t)
	shop, sent := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")
	ctx, root := shop.Begin(context.Background(), profiler.Opening{Name: "root"})
	if err := sondeamqp.Publish(ctx, ch, "", name, false, false, amqp.Publishing{Body: []byte("body")}); err != nil {
		t.Fatal(err)
	}
	root.Stop()
	d := watchdog.Await(t, "the message", deliveries)
	failed := errors.New("out of stock")
	err := sondeamqp.Handle(context.Background(), stock, &d, func(context.Context) error { return failed }, sondeamqp.WithName("rpc"))
	if !errors.Is(err, failed) {
		t.Error(err)
	}
	out, in := sent.One(t, "amqp_publish"), received.One(t, "rpc")
	if in.Parent != out.ID || in.Kind != layer.Consumer || out.Kind != layer.Producer || in.Stop["message"] != "out of stock" {
		t.Errorf("%+v, below %+v", in, out)
	}
	if got, want := out.Start["amqp"].(map[string]any), map[string]any{"exchange": "", "routing_key": "orders", "bytes": 4.0}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := in.Start["amqp"].(map[string]any), map[string]any{"exchange": "", "routing_key": "orders", "bytes": 4.0, "redelivered": false}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "stock")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	profilertest.PassOn(t, func(fn func()) {
		_ = sondeamqp.Handle(ctx, svc, &amqp.Delivery{}, func(context.Context) error { fn(); return nil })
	})
	rec.Unwound(t, "amqp_process")
}

func TestAllocUntraced(t *testing.T) {
	svc, _ := profilertest.New(t, "stock")
	ctx, d := context.Background(), &amqp.Delivery{Headers: amqp.Table{"own": "kept"}}
	fn := func(context.Context) error { return nil }
	if n := race.Allocs(100, func() { _ = sondeamqp.Handle(ctx, svc, d, fn) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
