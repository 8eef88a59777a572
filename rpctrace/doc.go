// Package rpctrace carries a trace over a message bus: the message's headers
// take the two signed headers of the trace along, and what the consumer does
// hangs below the point of the producer, whatever bus lies between.
//
// A bus needs a [header.Carrier], which most buses' header types are already or
// become in a few lines. [Produce] and [Process] do the rest:
//
//	err := rpctrace.Produce(ctx, headers, publishing, func(ctx context.Context) error {
//		return bus.Publish(ctx, queue, headers, body)
//	})
//
//	err := rpctrace.Process(ctx, svc, headers, processing, queue, func(ctx context.Context) error {
//		return handle(ctx, message)
//	})
//
// The subfolder nats binds NATS. Message bodies are never stored.
package rpctrace
