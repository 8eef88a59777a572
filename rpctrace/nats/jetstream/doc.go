// Package sondejetstream takes traces over NATS JetStream, in the way that
// [github.com/sonde-go/sonde/rpctrace/nats] takes them over core NATS, for the
// API of github.com/nats-io/nats.go/jetstream:
//
//	ack, err := sondejetstream.Publish(ctx, js, "orders.new", data)
//	cons.Consume(sondejetstream.Handler(svc, func(ctx context.Context, m jetstream.Msg) { … }))
//
// The points are nats_publish (until the server has acknowledged, or until an
// asynchronous publication was handed over), nats_process (around a handler,
// or until the caller stops it) and nats_ack (waiting for a DoubleAck). The
// info of nats_process tells stream, consumer, sequence numbers and how often
// the message was delivered, and how it was acknowledged in the end.
//
// The headers are stored in the stream with the message. Who consumes it again
// later hangs new points into the old trace.
//
// A message that is too large with the headers is sent without them, as in
// core NATS; so is one that they make too large for its stream, unless it is
// published asynchronously.
package sondejetstream
