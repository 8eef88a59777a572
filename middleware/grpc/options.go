package sondegrpc

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/profiler"
)

// ServerOption configures the hooks of a server.
type ServerOption interface{ ofServer(*options) }

// ClientOption configures the hooks of a client's connection.
type ClientOption interface{ ofClient(*options) }

// Option configures either side.
type Option interface {
	ServerOption
	ClientOption
}

type options struct {
	name       string
	filter     func(method string) bool
	attributes func(ctx context.Context, method string) []slog.Attr
	methods    methods
}

type both func(*options)

func (f both) ofServer(o *options) { f(o) }
func (f both) ofClient(o *options) { f(o) }

// WithName sets the name of the points. The default is "grpc" on a server and
// "grpc_client" on a client. OSProfiler's own services call both "rpc".
func WithName(name string) Option { return both(func(o *options) { o.name = name }) }

// WithFilter excludes methods such as health checks: a call of a method for which
// traced returns false has no point, whatever its headers say, and a client does
// not sign it. traced is given the full name, "/pkg.Service/Method", and called
// only for calls that would be traced; it must be safe for concurrent use.
func WithFilter(traced func(method string) bool) Option {
	return both(func(o *options) { o.filter = traced })
}

// WithAttributes adds attributes of your own to the stop record of each point.
// attributes is called only for traced calls, before they are served or sent,
// and must be safe for concurrent use. If it panics, the panic is recorded and
// goes no further.
func WithAttributes(attributes func(ctx context.Context, method string) []slog.Attr) Option {
	return both(func(o *options) { o.attributes = attributes })
}

// excludes reports whether the filter excludes a method.
func (o *options) excludes(method string) bool { return o.filter != nil && !o.filter(method) }

// describe adds the user's attributes to p.
func (o *options) describe(ctx context.Context, p profiler.Point, method string) {
	if o.attributes != nil {
		p.AddFunc(func() []slog.Attr { return o.attributes(ctx, method) })
	}
}
