package sondehttp

// Option is a choice for [Handler] or [Transport].
type Option func(*options)

type options struct {
	name     string
	upstream bool
	phases   bool
}

// WithName names the points, in place of "http" and "http_client". Reports
// group points by name.
func WithName(name string) Option { return func(o *options) { o.name = name } }

// WithUpstreamNames names the points as OSProfiler does, for reports over Go
// and Python services: "wsgi" in a server and the URL's scheme in a client.
func WithUpstreamNames() Option { return func(o *options) { o.upstream = true } }

// WithPhases adds to the stop record of a client's point how long the phases of
// the call took: "dns", "connect" and "tls" if the call had to wait for them,
// "first_byte" since the call began, and whether the connection was "reused".
// It is for [Transport] only.
func WithPhases() Option { return func(o *options) { o.phases = true } }

// build applies opts; usual and upstream are the names that a layer's points
// have without WithName.
func build(opts []Option, usual, upstream string) options {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	switch {
	case o.name != "":
		o.upstream = false
	case o.upstream:
		o.name = upstream
	default:
		o.name = usual
	}
	return o
}
