package drivers

import (
	"log/slog"
	"time"
)

// Options are what the drivers can be told besides a URL. Those that OSProfiler
// has too keep its meaning and its default. Each driver uses the ones that
// make sense for its store. The zero Options are good. Printed or logged, they
// show no password.
type Options struct {
	// FilterErrorTrace files traces with an error apart, so that they can be
	// listed by Query.ErrorsOnly: filter_error_trace.
	FilterErrorTrace bool

	// SocketTimeout is how long one exchange with the server may take without
	// an answer: a command, a statement, a request, a page of what is read. A
	// method that waits longer returns an error that wraps [ErrNoAnswer]. A
	// context that ends earlier ends it earlier. socket_timeout, 10 s; in
	// OSProfiler it is for Redis Sentinel alone, and 100 ms.
	SocketTimeout time.Duration

	// SentinelServiceName is the name of the group that Redis Sentinel
	// watches: sentinel_service_name, "mymaster".
	SentinelServiceName string

	// ESDocType is the type of the documents in Elasticsearch 7 and before:
	// es_doc_type, "notification".
	ESDocType string

	// ESScrollTime is how long Elasticsearch keeps a search for its next page:
	// es_scroll_time, 2 minutes.
	ESScrollTime time.Duration

	// ESScrollSize is how many documents of Elasticsearch make a page:
	// es_scroll_size, 10000.
	ESScrollSize int

	// OTLPServiceNamePrefix goes before the name of each service that OTLP
	// servers and Jaeger show, with a dash: service_name_prefix of the group
	// profiler_otlp.
	OTLPServiceNamePrefix string

	// TransportURL is the message broker of messaging://, as in oslo.messaging:
	// "rabbit://user:password@host:5672/vhost". OSProfiler's --transport-url.
	TransportURL string

	// IdleTimeout is how long a reader of messages waits for the next one that
	// should be there: OSProfiler's --idle-timeout, 1 s.
	IdleTimeout time.Duration

	// ConnectTimeout bounds making one connection: 5 s. The first answer on it
	// has SocketTimeout too.
	ConnectTimeout time.Duration

	// Logger gets what no caller can be told, such as a reconnection. nil:
	// slog.Default().
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.SocketTimeout <= 0 {
		o.SocketTimeout = 10 * time.Second
	}
	if o.SentinelServiceName == "" {
		o.SentinelServiceName = "mymaster"
	}
	if o.ESDocType == "" {
		o.ESDocType = "notification"
	}
	if o.ESScrollTime <= 0 {
		o.ESScrollTime = 2 * time.Minute
	}
	if o.ESScrollSize <= 0 {
		o.ESScrollSize = 10000
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = time.Second
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
