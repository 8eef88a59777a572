// Package sondenats takes traces over NATS. Where a program publishes, the
// context goes along, and where it subscribes, the handler is wrapped; the
// connection stays the *nats.Conn that it is:
//
//	sondenats.Publish(ctx, nc, "orders.new", data)
//	reply, err := sondenats.Request(ctx, nc, "price", data)
//	nc.Subscribe("orders.*", sondenats.Handler(svc, func(ctx context.Context, m *nats.Msg) { … }))
//
// A message published inside a traced request carries the headers X-Trace-Info
// and X-Trace-HMAC beside its own, signed with the request's key, and what its
// consumers do hangs below the point of the producer. Messages of untraced
// requests are sent as they are, at no cost.
//
// The points are nats_publish (handing the message to the connection),
// nats_request (until the reply has come) and nats_process (around a handler).
// Their info tells subject, queue group and size under the key "nats". Message
// bodies are not stored.
//
// If the server does not take headers, or if the message is so large that the
// headers would not fit, it is sent without them: its consumers are not
// traced, and the info of the point says "headers": false.
//
// JetStream and micro services have packages of their own below this one.
package sondenats
