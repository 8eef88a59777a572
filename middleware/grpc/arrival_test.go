package sondegrpc_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/sonde-go/sonde/internal/pointtest"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
)

// aStream is a server's stream of which only the context is used.
type aStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s aStream) Context() context.Context { return s.ctx }

func TestArrivals(t *testing.T) {
	type receive = func(*testing.T, *profiler.Service, context.Context, pointtest.Headers, func(context.Context))
	incoming := func(ctx context.Context, h pointtest.Headers) context.Context {
		md := metadata.MD{}
		for name, value := range h {
			md.Set(strings.ToLower(name), value)
		}
		return metadata.NewIncomingContext(ctx, md)
	}
	for name, receive := range map[string]receive{
		"unary": func(_ *testing.T, svc *profiler.Service, ctx context.Context, h pointtest.Headers, inside func(context.Context)) {
			_, _ = sondegrpc.UnaryServerInterceptor(svc)(incoming(ctx, h), nil, &grpc.UnaryServerInfo{FullMethod: unaryCall},
				func(ctx context.Context, _ any) (any, error) {
					inside(ctx)
					return nil, nil
				})
		},
		"stream": func(_ *testing.T, svc *profiler.Service, ctx context.Context, h pointtest.Headers, inside func(context.Context)) {
			_ = sondegrpc.StreamServerInterceptor(svc)(nil, aStream{ctx: incoming(ctx, h)}, &grpc.StreamServerInfo{FullMethod: bidiCall},
				func(_ any, s grpc.ServerStream) error {
					inside(s.Context())
					return nil
				})
		},
		"stats handler": func(_ *testing.T, svc *profiler.Service, ctx context.Context, h pointtest.Headers, inside func(context.Context)) {
			handler := sondegrpc.ServerHandler(svc)
			ctx = handler.TagRPC(incoming(ctx, h), &stats.RPCTagInfo{FullMethodName: unaryCall})
			handler.HandleRPC(ctx, &stats.Begin{})
			inside(ctx)
			handler.HandleRPC(ctx, &stats.OutTrailer{})
			handler.HandleRPC(ctx, &stats.End{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			pointtest.Receiver{Layer: "grpc", Kind: layer.Server, Receive: receive}.Test(t)
		})
	}
}
