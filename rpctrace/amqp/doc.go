// Package sondeamqp carries traces over RabbitMQ and other brokers with AMQP 0.9.1,
// for programs that use github.com/rabbitmq/amqp091-go. A program passes its context
// when it publishes and when it handles a delivery; the channel stays a plain
// *amqp.Channel:
//
//	err := sondeamqp.Publish(ctx, ch, "orders", "new", false, false, amqp.Publishing{Body: body})
//
//	for d := range deliveries {
//		err := sondeamqp.Handle(ctx, svc, &d, func(ctx context.Context) error { … })
//	}
//
// A message published inside a traced request carries the headers X-Trace-Info and
// X-Trace-HMAC in its table, signed with the request's key, and its consumers' points
// are below the producer's. Other messages are sent unchanged, except that trace
// headers which a received message came with are removed when it is published again.
//
// The points are amqp_publish (handing the message to the connection) and
// amqp_process (handling it). Their info has the exchange, the routing key and the
// size in the group "amqp". Message bodies are not stored.
package sondeamqp
