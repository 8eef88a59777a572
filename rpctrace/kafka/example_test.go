package sondekafka_test

import (
	"context"
	"log"

	"github.com/sonde-go/sonde/profiler"
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

func ExampleHandle() {
	work := func(ctx context.Context, svc *profiler.Service, client *kgo.Client) {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			err := sondekafka.Handle(ctx, svc, r, func(context.Context) error {
				return nil // within the trace of the record's producer
			})
			if err != nil {
				log.Print(err)
			}
		})
	}
	_ = work
}
