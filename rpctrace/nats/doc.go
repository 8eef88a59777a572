// Package sondenats carries traces over NATS. A program passes its context when it
// publishes and wraps its handler when it subscribes; the connection stays a plain
// *nats.Conn:
//
//	sondenats.Publish(ctx, nc, "orders.new", data)
//	reply, err := sondenats.Request(ctx, nc, "price", data)
//	nc.Subscribe("orders.*", sondenats.Handler(svc, func(ctx context.Context, m *nats.Msg) { … }))
//
// A message published inside a traced request carries the headers X-Trace-Info
// and X-Trace-HMAC besides its own, signed with the request's key, and its
// consumers' points are below the producer's. Messages of untraced requests are
// sent unchanged, at no cost, except that trace headers are removed: a received
// message that is published again with this package's PublishMsg or RequestMsg does
// not draw its receivers into the trace that it arrived with. Messages published
// with the methods of *nats.Conn, or with m.RespondMsg, are not touched.
//
// The points are nats_publish (handing the message to the connection),
// nats_request (until the reply arrives) and nats_process (around a handler); see
// [WithName]. Their info has subject, queue group and size in the group "nats".
// Message bodies are not stored.
//
// If the server does not support headers, or if the message with them would be too
// large, it is sent without them: its consumers are not traced, and the info of the
// point has "headers": false.
//
// JetStream and micro services have packages of their own below this one.
package sondenats
