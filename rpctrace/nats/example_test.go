package sondenats_test

import (
	"context"
	"fmt"
	"log"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
)

// printer is a sink that prints records.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Printf("%s %s\n", events[i].RecordName(), events[i].Info())
	}
	return nil
}

func Example() {
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true})
	if err != nil {
		log.Fatal(err)
	}
	srv.Start()
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	if err != nil {
		log.Fatal(err)
	}
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "shop", Host: "h", Keys: keys, Sink: printer{}})

	// The consumer, usually another program.
	handle := sondenats.Handler(svc, func(ctx context.Context, _ *nats.Msg) {
		_ = profiler.Trace(ctx, "reserve", func(context.Context) error { return nil })
	})
	handled := make(chan struct{})
	_, err = nc.Subscribe("orders.*", func(m *nats.Msg) { handle(m); close(handled) })
	if err != nil {
		log.Fatal(err)
	}

	// The producer. Its context comes from a request, or begins a trace as here.
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "checkout"})
	if err := sondenats.Publish(ctx, nc, "orders.new", []byte("7 tea")); err != nil {
		log.Fatal(err)
	}
	p.Stop()

	<-handled
	nc.Close()
	srv.Shutdown()
	srv.WaitForShutdown()
	_ = svc.Close(context.Background())
	// Unordered output:
	// checkout-start {"sonde":{"kind":"internal"},"host":"h"}
	// nats_publish-start {"nats":{"subject":"orders.new","bytes":5},"sonde":{"kind":"producer"},"host":"h"}
	// nats_publish-stop {"host":"h"}
	// checkout-stop {"host":"h"}
	// nats_process-start {"nats":{"subject":"orders.new","bytes":5},"sonde":{"kind":"consumer"},"host":"h"}
	// reserve-start {"sonde":{"kind":"internal"},"host":"h"}
	// reserve-stop {"host":"h"}
	// nats_process-stop {"host":"h"}
}

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
