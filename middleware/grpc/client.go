package sondegrpc

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// UnaryClientInterceptor traces the unary calls of a connection: each is a point
// of the trace that the caller's context carries, and is signed so that the server
// may join the trace. It is safe for concurrent use.
func UnaryClientInterceptor(opts ...ClientOption) grpc.UnaryClientInterceptor {
	c := newClient(opts)
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, callOpts ...grpc.CallOption) error {
		if !profiler.Carries(ctx) || markOf(ctx, clientSide).covers(cc, method) || c.excludes(method) {
			return invoker(ctx, method, req, reply, cc, callOpts...)
		}
		if !profiler.Active(ctx) || pointed(ctx) {
			return invoker(sign(ctx), method, req, reply, cc, callOpts...)
		}
		return c.unary(ctx, method, req, reply, cc, invoker, callOpts)
	}
}

// client holds what the hooks of a connection share.
type client struct{ options }

func newClient(opts []ClientOption) *client {
	c := &client{options{name: "grpc_client"}}
	for _, opt := range opts {
		opt.ofClient(&c.options)
	}
	return c
}

// pointed reports whether another instrumentation has made the point of a call.
func pointed(ctx context.Context) bool {
	return markOf(ctx, clientSide) == nil && profiler.Calling(ctx, "grpc")
}

// open opens the point of an outgoing call below m, whose context carries a trace,
// and returns the context that carries the signed headers.
func (c *client) open(m *mark, at time.Time) (context.Context, profiler.Point) {
	ctx, p := profiler.Open(m, profiler.Opening{
		Name: c.name, Layer: layer.GRPC, Encoded: c.methods.of(m.method), Kind: layer.Client, Call: "grpc", Time: at,
	})
	c.describe(m.Context, p, m.method)
	return sign(ctx), p
}

// sign adds the headers of the point that ctx carries. A trace without a key is
// not sent on, nor are headers that ctx has from another one.
func sign(ctx context.Context) context.Context {
	signed, ok := profiler.Sign(ctx)
	if !ok {
		return unsigned(ctx)
	}
	return withHeaders(ctx, signed)
}

func (c *client) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, callOpts []grpc.CallOption) error {
	out, p := c.open(&mark{Context: ctx, method: method, cc: cc, side: clientSide}, time.Time{})
	returned := false
	defer p.Guard(&returned)
	err := invoker(out, method, req, reply, cc, callOpts...)
	returned = true
	end(p, clientSide, err, ctx.Err() != nil)
	return err
}
