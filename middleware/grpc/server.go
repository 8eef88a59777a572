package sondegrpc

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

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
// The context is searched for a profiler only if the call has headers or svc an
// admission hook, since that costs a quarter of what the usual case costs. So a
// trace that something above the server began otherwise is not noticed.
func (s *server) open(ctx context.Context, method string) (context.Context, profiler.Point) {
	info := metadata.ValueFromIncomingContext(ctx, infoKey)
	if len(info) == 0 && !s.svc.Admits() {
		return ctx, profiler.Point{}
	}
	return s.openMarked(&mark{Context: ctx, method: method, side: serverSide}, info, time.Time{})
}

// openMarked opens the point at the given time below m, unless the call has a
// mark already.
func (s *server) openMarked(m *mark, info []string, at time.Time) (context.Context, profiler.Point) {
	opening := profiler.Opening{Name: s.name, Group: group, Time: at}
	attrs := [...]slog.Attr{slog.String("method", m.method), slog.String("service", serviceOf(m.method))}
	switch {
	case profiler.Active(m.Context): // below an HTTP handler, or the call has its point
		if markOf(m.Context, serverSide).covers(nil, m.method) {
			return m.Context, profiler.Point{}
		}
		return profiler.Open(m, opening, attrs[:]...)
	case len(info) > 0:
		var mac string
		if macs := metadata.ValueFromIncomingContext(m.Context, hmacKey); len(macs) > 0 {
			mac = macs[0]
		}
		in, key, err := s.svc.Verify(info[0], mac)
		if err != nil {
			return m.Context, profiler.Point{}
		}
		return s.svc.Join(m, in, key, opening, attrs[:]...)
	case s.svc.Admit(m.Context, profiler.Request{Layer: "grpc", Path: m.method}):
		return s.svc.Begin(m, opening, attrs[:]...)
	}
	return m.Context, profiler.Point{}
}

func (s *server) unary(ctx, in context.Context, p profiler.Point, req any, handler grpc.UnaryHandler) (any, error) {
	returned := false
	defer guard(p, &returned)
	resp, err := handler(in, req)
	returned = true
	end(p, serverSide, err, ctx.Err() != nil)
	return resp, err
}
