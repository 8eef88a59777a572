package sondegrpc

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/sonde-go/sonde/profiler"
)

// StreamServerInterceptor traces the streams that a server handles, with one point
// for each stream. Otherwise it is like [UnaryServerInterceptor].
func StreamServerInterceptor(svc *profiler.Service, opts ...ServerOption) grpc.StreamServerInterceptor {
	s := newServer(svc, opts)
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		headers, maybe := s.look(ss.Context())
		if !maybe {
			return handler(srv, ss)
		}
		return s.stream(srv, ss, headers, info, handler)
	}
}

func (s *server) stream(srv any, ss grpc.ServerStream, headers []string, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	out := ss.Context()
	began := time.Now()
	in, p := s.openMarked(&mark{Context: out, method: info.FullMethod, side: serverSide, info: headers}, began)
	if !p.Active() {
		if in != out {
			ss = &detached{ss, in}
		}
		return handler(srv, ss)
	}
	counted := &serverStream{ServerStream: ss, ctx: in, tally: tally{began: began}}
	returned := false
	defer p.Guard(&returned)
	err := handler(srv, counted)
	returned = true
	kind := streamKind(info.IsClientStream, info.IsServerStream)
	end(p, serverSide, err, out.Err() != nil, counted.tally.attrs(kind)...)
	return err
}

// detached is a stream that hides the trace in its server's context.
type detached struct {
	grpc.ServerStream
	ctx context.Context
}

func (d *detached) Context() context.Context { return d.ctx }

// serverStream counts the messages of a stream and carries the trace.
type serverStream struct {
	grpc.ServerStream
	ctx   context.Context
	tally tally
}

func (s *serverStream) Context() context.Context { return s.ctx }

func (s *serverStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	if err == nil {
		s.tally.countSent(time.Now())
	}
	return err
}

func (s *serverStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.tally.countReceived(time.Now())
	}
	return err
}
