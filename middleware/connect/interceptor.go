package sondeconnect

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"

	"connectrpc.com/connect"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Option configures an interceptor.
type Option func(*options)

type options struct{ name string }

// WithName sets the name of the points. The default is "connect" on a server and
// "connect_client" on a client, as is an empty name. OSProfiler's own services call
// both "rpc".
func WithName(name string) Option { return func(o *options) { o.name = cmp.Or(name, o.name) } }

func newOptions(name string, opts []Option) options {
	o := options{name}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// opening is the point of a call.
func (o *options) opening(kind layer.Kind) profiler.Opening {
	return profiler.Opening{Name: o.name, Layer: layer.Connect, Kind: kind}
}

// NewServerInterceptor traces the calls that handlers serve; svc is the service that
// they belong to. The interceptor does nothing for a client, and is safe for concurrent
// use.
func NewServerInterceptor(svc *profiler.Service, opts ...Option) connect.Interceptor {
	return &server{svc, newOptions("connect", opts)}
}

type server struct {
	svc *profiler.Service
	options
}

// open opens the point of a call. The point of one that is not traced is zero.
func (s *server) open(ctx context.Context, spec connect.Spec, peer connect.Peer, h http.Header) (context.Context, profiler.Point) {
	if len(h[header.InfoName]) == 0 && s.svc.Idle(ctx) {
		return ctx, profiler.Point{}
	}
	in := s.svc.Receive(ctx, profiler.Arrival{Layer: layer.Connect.Group, Kind: layer.Server, Path: spec.Procedure, Route: spec.Procedure}, carrier{h, peer.Addr})
	if !in.Traced() {
		return in.Pass(ctx), profiler.Point{}
	}
	return in.Open(ctx, s.opening(layer.Server), slog.String("procedure", spec.Procedure))
}

// WrapUnary is part of [connect.Interceptor].
func (s *server) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if req.Spec().IsClient {
			return next(ctx, req)
		}
		in, p := s.open(ctx, req.Spec(), req.Peer(), req.Header())
		if !p.Active() {
			return next(in, req)
		}
		returned := false
		defer p.Guard(&returned)
		res, err := next(in, req)
		returned = true
		end(p, layer.Server, err, ctx.Err() != nil)
		return res, err
	}
}

// WrapStreamingHandler is part of [connect.Interceptor].
func (s *server) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		in, p := s.open(ctx, conn.Spec(), conn.Peer(), conn.RequestHeader())
		if !p.Active() {
			return next(in, conn)
		}
		counted := &handlerConn{StreamingHandlerConn: conn}
		returned := false
		defer p.Guard(&returned)
		err := next(in, counted)
		returned = true
		end(p, layer.Server, err, ctx.Err() != nil, counted.messages()...)
		return err
	}
}

// WrapStreamingClient is part of [connect.Interceptor].
func (*server) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// NewClientInterceptor traces the calls that clients make. The interceptor does
// nothing for a handler, and is safe for concurrent use.
//
// The point of a stream ends when its last message has been received or its response
// closed, or when its context ends.
func NewClientInterceptor(opts ...Option) connect.Interceptor {
	return &client{newOptions("connect_client", opts)}
}

type client struct{ options }

func (c *client) open(ctx context.Context, spec connect.Spec) (context.Context, profiler.Point) {
	return profiler.Open(ctx, c.opening(layer.Client), slog.String("procedure", spec.Procedure))
}

// WrapUnary is part of [connect.Interceptor].
func (c *client) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if !req.Spec().IsClient {
			return next(ctx, req)
		}
		if !profiler.Active(ctx) {
			sign(ctx, req.Header())
			return next(ctx, req)
		}
		out, p := c.open(ctx, req.Spec())
		sign(out, req.Header())
		returned := false
		defer p.Guard(&returned)
		res, err := next(out, req)
		returned = true
		end(p, layer.Client, err, ctx.Err() != nil)
		return res, err
	}
}

// WrapStreamingClient is part of [connect.Interceptor].
func (c *client) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		if !profiler.Active(ctx) {
			conn := next(ctx, spec)
			return &bareConn{conn, ctx}
		}
		out, p := c.open(ctx, spec)
		returned := false
		defer p.Guard(&returned)
		conn := &clientConn{StreamingClientConn: next(out, spec), point: p, ctx: ctx, out: out}
		conn.forget = context.AfterFunc(ctx, conn.contextEnded)
		returned = true
		return conn
	}
}

// WrapStreamingHandler is part of [connect.Interceptor].
func (*client) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// sign replaces the two headers of an outgoing call with those of the point in ctx. A
// trace without a key is not sent on.
func sign(ctx context.Context, h http.Header) {
	unsigned(h)
	profiler.Inject(ctx, h)
}

// unsigned removes headers of another trace, which a proxy may have copied.
func unsigned(h http.Header) {
	if len(h[header.InfoName]) > 0 || len(h[canonicalHMAC]) > 0 {
		header.Remove(h)
	}
}

// canonicalHMAC is how [http.Header] spells X-Trace-HMAC.
var canonicalHMAC = http.CanonicalHeaderKey(header.HMACName)

// carrier is a request's headers and where it came from.
type carrier struct {
	http.Header
	peer string
}

// Get returns a header. Several values count as unsigned.
func (c carrier) Get(name string) string {
	switch values := c.Values(name); len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return ","
}

// Peer returns the address that the call came from.
func (c carrier) Peer() string { return c.peer }
