package sondegrpc

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// UnaryServerInterceptor traces the unary calls that a server handles:
// [profiler.Service.Receive] of svc decides which. The handler does not see the two
// headers in the metadata of the call, traced or not, so that a proxy that copies
// the metadata does not pass them on. The interceptor is safe for concurrent use.
func UnaryServerInterceptor(svc *profiler.Service, opts ...ServerOption) grpc.UnaryServerInterceptor {
	s := newServer(svc, opts)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		in, p := s.open(ctx, info.FullMethod)
		if !p.Active() {
			return handler(in, req)
		}
		return s.unary(ctx, in, p, req, handler)
	}
}

// server holds what the hooks of a server share.
type server struct {
	svc *profiler.Service
	options
}

func newServer(svc *profiler.Service, opts []ServerOption) *server {
	s := &server{svc: svc, options: options{name: "grpc"}}
	for _, opt := range opts {
		opt.ofServer(&s.options)
	}
	return s
}

// open opens the point of an incoming call and returns the context for its
// handler; the point is zero if the call is not traced or already has its point.
func (s *server) open(ctx context.Context, method string) (context.Context, profiler.Point) {
	info, maybe := s.look(ctx)
	if !maybe {
		return ctx, profiler.Point{}
	}
	return s.openMarked(&mark{Context: ctx, method: method, side: serverSide, info: info}, time.Time{})
}

// look returns the values of X-Trace-Info that a call has, and whether it may
// be traced.
func (s *server) look(ctx context.Context) (info []string, maybe bool) {
	info = metadata.ValueFromIncomingContext(ctx, infoKey)
	return info, len(info) > 0 || !s.svc.Idle(ctx)
}

// openMarked opens the point below m, begun at the given time.
func (s *server) openMarked(m *mark, at time.Time) (context.Context, profiler.Point) {
	if outer := markOf(m.Context, serverSide); outer.covers(nil, m.method) && outer.refused && len(m.info) == 0 {
		return m.Context, profiler.Point{}
	}
	in := s.svc.Receive(m.Context, profiler.Arrival{Layer: "grpc", Kind: layer.Server, Path: m.method, Route: m.method}, m)
	if !in.Traced() || s.excludes(m.method) {
		ctx := in.Pass(profiler.WithoutBase(m.Context, ofCall))
		if len(m.info) == 0 {
			return ctx, profiler.Point{}
		}
		m.Context, m.refused = ctx, true
		return m, profiler.Point{}
	}
	ctx, p := in.Open(m, profiler.Opening{
		Name: s.name, Layer: layer.GRPC, Encoded: s.methods.of(m.method), Kind: layer.Server, Time: at,
	})
	s.describe(m.Context, p, m.method)
	return ctx, p
}

// ofCall reports whether ctx is that of a call, not that of the server.
func ofCall(ctx context.Context) bool { return grpc.ServerTransportStreamFromContext(ctx) != nil }

func (s *server) unary(ctx, in context.Context, p profiler.Point, req any, handler grpc.UnaryHandler) (any, error) {
	returned := false
	defer p.Guard(&returned)
	resp, err := handler(in, req)
	returned = true
	end(p, serverSide, err, ctx.Err() != nil)
	return resp, err
}
