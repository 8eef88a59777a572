package drivers

import (
	"log/slog"
	"time"
)

// Options configure a store of any kind, in addition to its URL. The zero Options
// are valid. Printed or logged, they show no password.
type Options struct {
	// FilterErrorTrace also files traces with an error separately, so that they
	// can be listed with Query.ErrorsOnly: OSProfiler's filter_error_trace. It has
	// no effect on stores that know such traces anyway. Default: false.
	FilterErrorTrace bool

	// SocketTimeout is how long one exchange with the server may take without
	// an answer: a command, a statement, a request, a page of a read. A method
	// that waits longer returns an error that wraps [ErrNoAnswer]. A context may
	// end it earlier. The option of URLs is socket_timeout. Default: 10 s. In
	// OSProfiler it is for Redis Sentinel only, and defaults to 100 ms.
	SocketTimeout time.Duration

	// ConnectTimeout is how long making one connection may take. The first answer
	// on it has SocketTimeout too. The option of URLs is connect_timeout.
	// Default: 5 s.
	ConnectTimeout time.Duration

	// Params are URL options by name, such as "scroll_size" or "ttl", for programs
	// that configure stores separately from their URLs. An option that the scheme
	// does not have, or that the URL sets, is ignored.
	Params map[string]string

	// Logger receives what no caller can be told, such as a reconnection. Nil:
	// slog.Default().
	Logger *slog.Logger
}

// of returns o with the defaults filled in, overridden by what the URL says.
func (o Options) of(u *URL) Options {
	for _, t := range []struct {
		into *time.Duration
		name string
		none time.Duration
	}{{&o.SocketTimeout, "socket_timeout", 10 * time.Second}, {&o.ConnectTimeout, "connect_timeout", 5 * time.Second}} {
		if u.Given(t.name) {
			*t.into = u.Duration(t.name)
		} else if *t.into <= 0 {
			*t.into = t.none
		}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
