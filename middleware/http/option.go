package sondehttp

import (
	"log/slog"
	"net/http"

	"github.com/sonde-go/sonde/profiler"
)

// HandlerOption configures [Handler] and [Middleware].
type HandlerOption interface{ ofHandler(*options) }

// TransportOption configures [Transport].
type TransportOption interface{ ofTransport(*options) }

// Option configures either side.
type Option interface {
	HandlerOption
	TransportOption
}

type options struct {
	name       string
	upstream   bool
	filter     func(*http.Request) bool
	attributes func(*http.Request) []slog.Attr
	answer     string // handler: the response header with the trace's id
	phases     bool   // transport
}

type both func(*options)

func (f both) ofHandler(o *options)   { f(o) }
func (f both) ofTransport(o *options) { f(o) }

type handlerOnly func(*options)

func (f handlerOnly) ofHandler(o *options) { f(o) }

type transportOnly func(*options)

func (f transportOnly) ofTransport(o *options) { f(o) }

// WithName sets the name of the points. The default is "http" for servers and
// "http_client" for clients. Reports group points by name.
func WithName(name string) Option { return both(func(o *options) { o.name = name }) }

// WithUpstreamNames names the points as OSProfiler does, for reports that cover Go
// and Python services: "wsgi" in a server and the URL's scheme in a client.
func WithUpstreamNames() Option { return both(func(o *options) { o.upstream = true }) }

// WithFilter excludes requests such as health checks: a request for which traced
// returns false has no point, whatever its headers say, and an excluded call
// carries no signed headers. traced is called only for requests that would be
// traced; it must be safe for concurrent use.
func WithFilter(traced func(*http.Request) bool) Option {
	return both(func(o *options) { o.filter = traced })
}

// WithAttributes adds attributes of your own to the stop record of each point.
// attributes is called only for traced requests, before they are served or sent,
// and must be safe for concurrent use. If it panics, the panic is recorded and
// goes no further.
func WithAttributes(attributes func(*http.Request) []slog.Attr) Option {
	return both(func(o *options) { o.attributes = attributes })
}

// WithTraceHeader returns the id of the trace in the response header called name
// to callers whose headers are validly signed. Nobody else is told: requests that
// the admission hook lets in get no such header.
func WithTraceHeader(name string) HandlerOption {
	return handlerOnly(func(o *options) { o.answer = http.CanonicalHeaderKey(name) })
}

// WithPhases adds the duration of a call's phases to the stop record of its point:
// "dns", "connect" and "tls" if the call had to wait for them, "first_byte"
// counted from the start of the call, and whether the connection was "reused".
func WithPhases() TransportOption { return transportOnly(func(o *options) { o.phases = true }) }

// rename settles the name of the points: usual and upstream are the names of a
// side without WithName.
func (o *options) rename(usual, upstream string) {
	switch {
	case o.name != "":
		o.upstream = false
	case o.upstream:
		o.name = upstream
	default:
		o.name = usual
	}
}

// excludes reports whether the filter excludes a request.
func (o *options) excludes(r *http.Request) bool { return o.filter != nil && !o.filter(r) }

// describe adds the user's attributes to p.
func (o *options) describe(p profiler.Point, r *http.Request) {
	if o.attributes != nil {
		p.AddFunc(func() []slog.Attr { return o.attributes(r) })
	}
}
