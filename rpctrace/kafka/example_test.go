package sondekafka_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/rpctrace/kafka"
	"github.com/twmb/franz-go/pkg/kgo"
)

func ExampleNewHook() {
	client, err := kgo.NewClient(kgo.SeedBrokers("localhost:9092"), kgo.WithHooks(sondekafka.NewHook()))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
}

// printer is a sink that prints the points' names.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Println(events[i].RecordName())
	}
	return nil
}

func ExampleHandle() {
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "stock", Keys: keys, Sink: printer{}})
	work := func(ctx context.Context, fetches kgo.Fetches) {
		fetches.EachRecord(func(r *kgo.Record) {
			err := sondekafka.Handle(ctx, svc, r, func(ctx context.Context) error {
				return profiler.Trace(ctx, "reserve", func(context.Context) error { return nil })
			})
			if err != nil {
				log.Print(err)
			}
		})
	}

	// What a client with the hook does for a record that is produced in a trace, here
	// without a broker.
	ctx, request := svc.Begin(context.Background(), profiler.Opening{Name: "checkout"})
	r := &kgo.Record{Topic: "orders", Value: []byte("7 tea"), Context: ctx}
	hook := sondekafka.NewHook()
	hook.(kgo.HookProduceRecordBuffered).OnProduceRecordBuffered(r)
	hook.(kgo.HookProduceRecordUnbuffered).OnProduceRecordUnbuffered(r, nil)
	request.Stop()

	work(context.Background(), kgo.Fetches{{Topics: []kgo.FetchTopic{{
		Topic: "orders", Partitions: []kgo.FetchPartition{{Records: []*kgo.Record{r, {Topic: "orders"}}}},
	}}}})
	_ = svc.Close(context.Background())
	// Output:
	// checkout-start
	// kafka_publish-start
	// kafka_publish-stop
	// checkout-stop
	// kafka_process-start
	// reserve-start
	// reserve-stop
	// kafka_process-stop
}
