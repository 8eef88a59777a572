// Package sondekafka carries traces over Kafka, for programs that use
// github.com/twmb/franz-go. It is a module of its own. A hook of the client sees to
// what is produced; what is consumed is handled in its producer's trace:
//
//	client, err := kgo.NewClient(kgo.SeedBrokers("localhost:9092"), kgo.WithHooks(sondekafka.NewHook()))
//	client.Produce(ctx, &kgo.Record{Topic: "orders", Value: order}, nil)
//
//	fetches.EachRecord(func(r *kgo.Record) {
//		err := sondekafka.Handle(ctx, svc, r, func(ctx context.Context) error { … })
//	})
//
// A record produced inside a traced request carries the headers X-Trace-Info and
// X-Trace-HMAC, signed with the request's key, and its consumers' points are below
// the producer's. Other records are sent unchanged, except that trace headers which a
// consumed record came with are removed when it is produced again.
//
// The points are kafka_publish (from the call of Produce until the brokers have
// answered) and kafka_process (handling one record, or several with
// [ProcessRecords]). Their info has the topic, the partition, the offset and the size
// in the group "kafka". Keys and values are not stored.
package sondekafka
