// Package rpctrace carries a trace over a message bus: the two signed headers of
// the trace travel in the message's headers, and the consumer's points are below
// the producer's, whatever the bus.
//
// A bus needs a [header.Carrier]; most buses' header types implement it already,
// or can in a few lines. [Produce] and [Process] do the rest:
//
//	err := rpctrace.Produce(ctx, headers, publishing, func(ctx context.Context) error {
//		return bus.Publish(ctx, queue, headers, body)
//	})
//
//	err := rpctrace.Process(ctx, svc, headers, processing, queue, func(ctx context.Context) error {
//		return handle(ctx, message)
//	})
//
// Package rpctrace/nats does this for NATS. Message bodies are never stored.
package rpctrace
