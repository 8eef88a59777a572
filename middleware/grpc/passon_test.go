package sondegrpc_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// However what a hook calls ends, that passes on.
func TestHooksPassOn(t *testing.T) {
	client := func(ctx context.Context, _ *profiler.Service, fn func()) {
		_ = sondegrpc.UnaryClientInterceptor()(ctx, unaryCall, nil, nil, nil,
			func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { fn(); return nil })
	}
	clientStream := func(ctx context.Context, _ *profiler.Service, fn func()) {
		_, _ = sondegrpc.StreamClientInterceptor()(ctx, bidiDesc, nil, bidiCall,
			func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
				fn()
				return nil, nil
			})
	}
	server := func(ctx context.Context, svc *profiler.Service, fn func()) {
		_, _ = sondegrpc.UnaryServerInterceptor(svc)(incomingOf(ctx), nil, unaryInfo,
			func(context.Context, any) (any, error) { fn(); return nil, nil })
	}
	serverStream := func(ctx context.Context, svc *profiler.Service, fn func()) {
		_ = sondegrpc.StreamServerInterceptor(svc)(nil, &untracedStream{ctx: incomingOf(ctx)}, &grpc.StreamServerInfo{FullMethod: bidiCall},
			func(any, grpc.ServerStream) error { fn(); return nil })
	}
	for name, hook := range map[string]struct {
		point string
		call  func(context.Context, *profiler.Service, func())
	}{
		"client":        {"grpc_client", client},
		"client stream": {"grpc_client", clientStream},
		"server":        {"grpc", server},
		"server stream": {"grpc", serverStream},
	} {
		t.Run(name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "test")
			ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
			defer root.Stop()
			profilertest.PassOn(t, func(fn func()) { hook.call(ctx, svc, fn) })
			rec.Unwound(t, hook.point)
		})
	}
}

// incomingOf is the context of a call that was made in the trace of ctx.
func incomingOf(ctx context.Context) context.Context {
	signed, _ := profiler.Sign(ctx)
	return metadata.NewIncomingContext(context.Background(), metadata.Pairs("x-trace-info", signed.Info, "x-trace-hmac", signed.HMAC))
}
