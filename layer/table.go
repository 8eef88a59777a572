package layer

import (
	"slices"
	"strings"
	"unicode"
)

// The layers of this module. The groups of the first four are OSProfiler's.
// Attribute names without a dot, and http.path, .query, .method, .scheme,
// .hostname and .port, are those of OSProfiler's OTLP driver; the others are from
// version 1.43 of OpenTelemetry's semantic conventions.
var (
	// HTTPServer is an HTTP request that is served.
	HTTPServer = &Layer{
		Group: "request", Kind: Server,
		Label: "{request.method} {request.path} {response.status_code}",
		Span:  "{request.method} {response.route}",
		Attributes: []Attribute{
			{Name: "http.path", Value: "{request.path}"}, {Name: "url.path", Value: "{request.path}"},
			{Name: "http.query", Value: "{request.query}"}, {Name: "url.query", Value: "{request.query}"},
			{Name: "http.method", Value: "{request.method}"}, {Name: "http.request.method", Value: "{request.method}"},
			{Name: "http.scheme", Value: "{request.scheme}"}, {Name: "url.scheme", Value: "{request.scheme}"},
			{Name: "http.response.status_code", Value: "{response.status_code}"},
			{Name: "http.route", Value: "{response.route}"},
		},
	}

	// HTTPClient is a call made by an HTTP client.
	HTTPClient = &Layer{
		Group: "requests", Kind: Client,
		Label: "{requests.method} {requests.hostname}:{requests.port}{requests.path} {requests.status_code}",
		Span:  "{requests.method}",
		Attributes: []Attribute{
			{Name: "http.path", Value: "{requests.path}"}, {Name: "url.path", Value: "{requests.path}"},
			{Name: "http.query", Value: "{requests.query}"}, {Name: "url.query", Value: "{requests.query}"},
			{Name: "http.method", Value: "{requests.method}"}, {Name: "http.request.method", Value: "{requests.method}"},
			{Name: "http.scheme", Value: "{requests.scheme}"}, {Name: "url.scheme", Value: "{requests.scheme}"},
			{Name: "http.hostname", Value: "{requests.hostname}"}, {Name: "server.address", Value: "{requests.hostname}"},
			{Name: "http.port", Value: "{requests.port}"}, {Name: "server.port", Value: "{requests.port}"},
			{Name: "status_code", Value: "{requests.status_code}"}, {Name: "http.response.status_code", Value: "{requests.status_code}"},
		},
	}

	// SQL is a call to a database.
	SQL = &Layer{
		Group: "db", Kind: Client,
		Label: "{db.statement}",
		Span:  "{operation}",
		Attributes: []Attribute{
			{Name: "db.statement", Value: "{db.statement}"}, {Name: "db.query.text", Value: "{db.statement}"},
			{Name: "db.operation.name", Value: "{operation}"},
			{Name: "result", Value: "{db.result}"},
			{Name: "db.response.returned_rows", Value: "{db.rows}"},
		},
	}

	// Function is a traced function, as OSProfiler's decorators record it.
	Function = &Layer{
		Group: "function", Kind: Internal,
		Label: "{function.name}",
		Attributes: []Attribute{
			{Name: "args", Value: "{function.args}"}, {Name: "kwargs", Value: "{function.kwargs}"},
			{Name: "name", Value: "{function.name}"}, {Name: "code.function.name", Value: "{function.name}"},
			{Name: "result", Value: "{function.result}"},
		},
	}

	// GRPC is a gRPC call, served or made.
	GRPC = &Layer{
		Group: "grpc",
		Label: "{grpc.method} {grpc.code}",
		Span:  "{grpc.method}",
		Attributes: []Attribute{
			{Name: "rpc.system.name", Value: "grpc"},
			{Name: "grpc.method", Value: "{grpc.method}"},
			{Name: "rpc.method", Value: "{grpc.method}", format: func(s string) string { return strings.TrimPrefix(s, "/") }},
			{Name: "grpc.code", Value: "{grpc.code}"},
			{Name: "rpc.response.status_code", Value: "{grpc.code}", format: upperSnake},
		},
	}

	// NATS is a message of NATS or JetStream: sent, requested or handled.
	NATS = &Layer{
		Group: "nats",
		Label: "{nats.subject}",
		Span:  "{operation} {nats.subject}",
		Attributes: []Attribute{
			{Name: "messaging.system", Value: "nats"},
			{Name: "messaging.operation.type", Value: "{operation}"},
			{Name: "messaging.destination.name", Value: "{nats.subject}"},
			{Name: "messaging.message.body.size", Value: "{nats.bytes}"},
			{Name: "messaging.batch.message_count", Value: "{nats.messages}"},
			{Name: "messaging.consumer.group.name", Value: "{nats.queue}"},
		},
	}

	// Kafka is a record of Kafka: produced, or handled alone or with others.
	Kafka = &Layer{
		Group: "kafka",
		Label: "{kafka.topic}",
		Span:  "{operation} {kafka.topic}",
		Attributes: []Attribute{
			{Name: "messaging.system", Value: "kafka"},
			{Name: "messaging.operation.type", Value: "{operation}"},
			{Name: "messaging.destination.name", Value: "{kafka.topic}"},
			{Name: "messaging.destination.partition.id", Value: "{kafka.partition}"},
			{Name: "messaging.kafka.offset", Value: "{kafka.offset}"},
			{Name: "messaging.message.body.size", Value: "{kafka.bytes}"},
			{Name: "messaging.batch.message_count", Value: "{kafka.messages}"},
			{Name: "messaging.consumer.group.name", Value: "{kafka.consumer_group}"},
		},
	}

	// RabbitMQ is a message of RabbitMQ, or of another broker with AMQP 0.9.1.
	RabbitMQ = &Layer{
		Group: "amqp",
		Label: "{amqp.exchange} {amqp.routing_key}",
		Span:  "{operation} {amqp.exchange} {amqp.routing_key}",
		Attributes: []Attribute{
			{Name: "messaging.system", Value: "rabbitmq"},
			{Name: "messaging.operation.type", Value: "{operation}"},
			{Name: "messaging.destination.name", Value: "{amqp.exchange}"},
			{Name: "messaging.rabbitmq.destination.routing_key", Value: "{amqp.routing_key}"},
			{Name: "messaging.message.body.size", Value: "{amqp.bytes}"},
		},
	}

	// Redis is a command or a pipeline of commands.
	Redis = &Layer{
		Group: "redis", Kind: Client,
		Label: "{redis.command} {redis.key}",
		Span:  "{redis.command}",
		Attributes: []Attribute{
			{Name: "db.system.name", Value: "redis"},
			{Name: "db.operation.name", Value: "{redis.command}"},
			{Name: "db.operation.batch.size", Value: "{redis.commands}"},
			{Name: "db.response.status_code", Value: "{redis.error_code}"},
		},
	}

	// MongoDB is a command.
	MongoDB = &Layer{
		Group: "mongodb", Kind: Client,
		Label: "{mongodb.command} {mongodb.collection}",
		Span:  "{mongodb.command} {mongodb.collection}",
		Attributes: []Attribute{
			{Name: "db.system.name", Value: "mongodb"},
			{Name: "db.namespace", Value: "{mongodb.database}"},
			{Name: "db.collection.name", Value: "{mongodb.collection}"},
			{Name: "db.operation.name", Value: "{mongodb.command}"},
			{Name: "db.response.status_code", Value: "{mongodb.error_code}"},
		},
	}

	// Connect is a call of Connect RPC, served or made, whatever its protocol.
	Connect = &Layer{
		Group: "connect",
		Label: "{connect.procedure} {connect.code}",
		Span:  "{connect.procedure}",
		Attributes: []Attribute{
			{Name: "rpc.system.name", Value: "connectrpc"},
			{Name: "rpc.method", Value: "{connect.procedure}", format: func(s string) string { return strings.TrimPrefix(s, "/") }},
			{Name: "rpc.response.status_code", Value: "{connect.code}"},
		},
	}
)

// All are the layers of this module, in the order in which a reader looks for
// their groups.
var All = []*Layer{HTTPServer, HTTPClient, SQL, GRPC, Connect, NATS, Kafka, RabbitMQ, Redis, MongoDB, Function}

// BuiltIn reports whether l is one of [All].
func (l *Layer) BuiltIn() bool { return slices.Contains(All, l) }

// ByGroup returns the layer of this module with the given group, or nil if there
// is none.
func ByGroup(group string) *Layer {
	for _, l := range All {
		if l.Group == group {
			return l
		}
	}
	return nil
}

// upperSnake spells a gRPC code as the conventions do: DeadlineExceeded becomes
// DEADLINE_EXCEEDED.
func upperSnake(code string) string {
	switch code {
	case "OK":
		return code
	case "Canceled":
		return "CANCELLED"
	}
	var b strings.Builder
	for i, r := range code {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}
