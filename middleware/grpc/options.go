package sondegrpc

// Option is a choice for the hooks of this package.
type Option func(*options)

type options struct{ name string }

// WithName sets the name of the points instead of "grpc" on a server and
// "grpc_client" on a client. OSProfiler's own services call both "rpc".
func WithName(name string) Option { return func(o *options) { o.name = name } }

func pointName(name string, opts []Option) string {
	o := options{name}
	for _, opt := range opts {
		opt(&o)
	}
	return o.name
}
