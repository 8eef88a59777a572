package main

import (
	"context"
	"net"

	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// serve runs a gRPC service with one method, such as "/shop.Stock/Reserve", and
// returns what calls it.
func (s *site) serve(svc *profiler.Service, service, name string, do method) method {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if s.check(err); err != nil {
		return nil
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc)))
	server.RegisterService(describe(service, name), do)
	go func() { _ = server.Serve(listener) }()
	s.onStop(func() error { server.GracefulStop(); return nil })

	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(sondegrpc.UnaryClientInterceptor()))
	if s.check(err); err != nil {
		return nil
	}
	s.onStop(conn.Close)
	return func(ctx context.Context, arg string) (string, error) {
		answer := new(wrapperspb.StringValue)
		err := conn.Invoke(ctx, "/"+service+"/"+name, wrapperspb.String(arg), answer)
		return answer.GetValue(), err
	}
}

// describe describes the service as protoc would.
func describe(service, name string) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: name,
			Handler: func(srv any, ctx context.Context, decode func(any) error, hook grpc.UnaryServerInterceptor) (any, error) {
				in := new(wrapperspb.StringValue)
				if err := decode(in); err != nil {
					return nil, err
				}
				call := func(ctx context.Context, in any) (any, error) {
					out, err := srv.(method)(ctx, in.(*wrapperspb.StringValue).GetValue())
					return wrapperspb.String(out), err
				}
				return hook(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + service + "/" + name}, call)
			},
		}},
	}
}
