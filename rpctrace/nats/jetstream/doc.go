// Package sondejetstream carries traces over NATS JetStream, for the API of
// github.com/nats-io/nats.go/jetstream. It is the counterpart of
// [github.com/sonde-go/sonde/rpctrace/nats], which is for core NATS:
//
//	ack, err := sondejetstream.Publish(ctx, js, "orders.new", data)
//	cons.Consume(sondejetstream.Handler(svc, func(ctx context.Context, m jetstream.Msg) { … }))
//
// The points are nats_publish (until the server has acknowledged, or until an
// asynchronous publication is handed over), nats_process (around a handler, or
// until the caller stops it) and nats_ack (waiting for a DoubleAck). The info of
// nats_process has stream, consumer, sequence numbers, how often the message was
// delivered, and how it was finally acknowledged.
//
// The headers are stored in the stream with the message. A consumer that reads it
// again later adds points to the old trace.
//
// A message that is too large with the headers is sent without them, as in
// core NATS; so is one that they make too large for its stream, unless it is
// published asynchronously.
package sondejetstream
