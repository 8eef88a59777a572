package sondejetstream_test

import (
	"context"
	"fmt"
	"log"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/profiler"
	sondejetstream "github.com/sonde-go/sonde/rpctrace/nats/jetstream"
)

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
