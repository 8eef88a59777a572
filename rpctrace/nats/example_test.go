package sondenats_test

import (
	"context"
	"fmt"
	"log"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/profiler"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
)

func ExamplePublish() {
	var nc *nats.Conn // connected elsewhere
	checkout := func(ctx context.Context) error {
		return sondenats.Publish(ctx, nc, "orders.new", []byte(`{"sku": 7}`))
	}
	_ = checkout
}

func ExampleRequest() {
	var nc *nats.Conn // connected elsewhere
	price := func(ctx context.Context) (string, error) {
		reply, err := sondenats.Request(ctx, nc, "price", []byte("sku 7"))
		if err != nil {
			return "", err
		}
		return string(reply.Data), nil
	}
	_ = price
}

func ExampleHandler() {
	var svc *profiler.Service // this program's
	var nc *nats.Conn         // connected elsewhere
	subscribe := func() {
		_, err := nc.QueueSubscribe("orders.*", "stock", sondenats.Handler(svc, func(ctx context.Context, m *nats.Msg) {
			ctx, p := profiler.Start(ctx, "reserve")
			defer p.Stop()
			fmt.Println(len(m.Data), profiler.Active(ctx))
		}))
		if err != nil {
			log.Fatal(err)
		}
	}
	_ = subscribe
}
