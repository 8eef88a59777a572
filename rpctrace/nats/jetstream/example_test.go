package sondejetstream_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	sondejetstream "github.com/sonde-go/sonde/rpctrace/nats/jetstream"
)

// printer is a sink that prints the points' names.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Println(events[i].RecordName())
	}
	return nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "jetstream")
	check(err)
	defer os.RemoveAll(dir)
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, JetStream: true, StoreDir: dir})
	check(err)
	srv.Start()
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	check(err)
	js, err := jetstream.New(nc)
	check(err)
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "shop", Keys: keys, Sink: printer{}})
	ctx := context.Background()

	// The producer. Its context comes from a request, or begins a trace as here.
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "orders", Subjects: []string{"orders.*"}})
	check(err)
	traced, p := svc.Begin(ctx, profiler.Opening{Name: "checkout"})
	_, err = sondejetstream.Publish(traced, js, "orders.new", []byte("7 tea"))
	check(err)
	p.Stop()

	// The consumer, usually another program.
	consumer, err := js.CreateConsumer(ctx, "orders", jetstream.ConsumerConfig{})
	check(err)
	handle := sondejetstream.Handler(svc, func(ctx context.Context, m jetstream.Msg) {
		check(profiler.Trace(ctx, "reserve", func(context.Context) error { return m.Ack() }))
	})
	handled := make(chan struct{})
	consuming, err := consumer.Consume(func(m jetstream.Msg) { handle(m); close(handled) })
	check(err)
	<-handled
	consuming.Stop()
	<-consuming.Closed()
	nc.Close()
	srv.Shutdown()
	srv.WaitForShutdown()
	_ = svc.Close(ctx)
	// Output:
	// checkout-start
	// nats_publish-start
	// nats_publish-stop
	// checkout-stop
	// nats_process-start
	// reserve-start
	// reserve-stop
	// nats_process-stop
}

func ExamplePublish() {
	var js jetstream.JetStream // made elsewhere
	checkout := func(ctx context.Context) error {
		_, err := sondejetstream.Publish(ctx, js, "orders.new", []byte(`{"sku": 7}`))
		return err
	}
	_ = checkout
}

func ExampleHandler() {
	var svc *profiler.Service // this program's
	var consumer jetstream.Consumer
	run := func() {
		_, err := consumer.Consume(sondejetstream.Handler(svc, func(ctx context.Context, m jetstream.Msg) {
			fmt.Println(len(m.Data()), profiler.Active(ctx))
			_ = m.Ack()
		}))
		if err != nil {
			log.Fatal(err)
		}
	}
	_ = run
}

func ExampleProcessBatch() {
	var svc *profiler.Service // this program's
	store := func(context.Context, []jetstream.Msg) error { return nil }
	handle := func(ctx context.Context, messages []jetstream.Msg) error {
		ctx, batch := sondejetstream.ProcessBatch(ctx, svc, messages)
		defer batch.Stop()
		return store(ctx, messages)
	}
	_ = handle
}
