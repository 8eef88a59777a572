package sondegrpc

import (
	"context"
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// UnaryServerInterceptor makes the unary calls that a server handles points of
// svc. It is safe for concurrent use. A call without headers is traced if the
// admission hook of svc says so.
func UnaryServerInterceptor(svc *profiler.Service, opts ...Option) grpc.UnaryServerInterceptor {
	s := newServer(svc, opts)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		in, p := s.open(ctx, info.FullMethod)
		if !p.Active() {
			return handler(ctx, req)
		}
		return s.unary(ctx, in, p, req, handler)
	}
}

// server is what the hooks of a server know.
type server struct {
	svc  *profiler.Service
	name string
}

func newServer(svc *profiler.Service, opts []Option) *server {
	return &server{svc, pointName("grpc", opts)}
}

// open opens the point of an incoming call and returns the context for what
// handles it; the point is zero if the call is not traced or has its point.
//
// The context is searched for a profiler only if there can be one, since that
// costs a quarter of what the usual case costs.
func (s *server) open(ctx context.Context, method string) (context.Context, profiler.Point) {
	info := metadata.ValueFromIncomingContext(ctx, infoKey)
	if len(info) == 0 && !s.svc.Admits() {
		return ctx, profiler.Point{}
	}
	return s.openTraced(ctx, info, method)
}

func (s *server) openTraced(ctx context.Context, info []string, method string) (context.Context, profiler.Point) {
	below := profiler.Active(ctx) // of an HTTP handler, or the call has its point
	if below && marked(ctx, serverSide, nil, method) {
		return ctx, profiler.Point{}
	}
	var in header.Info
	var key *header.Key
	switch {
	case below:
	case len(info) > 0:
		var mac string
		if macs := metadata.ValueFromIncomingContext(ctx, hmacKey); len(macs) > 0 {
			mac = macs[0]
		}
		var err error
		if in, key, err = s.svc.Verify(info[0], mac); err != nil {
			return ctx, profiler.Point{}
		}
	case !s.svc.Admit(ctx, profiler.Request{Layer: "grpc", Path: method}):
		return ctx, profiler.Point{}
	}
	m := &mark{Context: ctx, method: method, side: serverSide}
	opening := profiler.Opening{Name: s.name, Group: group}
	attrs := [...]slog.Attr{slog.String("method", method), slog.String("service", serviceOf(method))}
	switch {
	case below:
		return profiler.Open(m, opening, attrs[:]...)
	case key != nil:
		return s.svc.Join(m, in, key, opening, attrs[:]...)
	}
	return s.svc.Begin(m, opening, attrs[:]...)
}

func (s *server) unary(ctx, in context.Context, p profiler.Point, req any, handler grpc.UnaryHandler) (any, error) {
	returned := false
	defer guard(p, &returned)
	resp, err := handler(in, req)
	returned = true
	end(p, serverSide, err, ctx.Err() != nil)
	return resp, err
}
