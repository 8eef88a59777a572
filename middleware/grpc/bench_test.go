package sondegrpc_test

import (
	"context"
	"math"
	"testing"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// discard is a sink that takes everything and keeps nothing.
type discard struct{}

func (discard) Notify(context.Context, []record.Event) error { return nil }

func discarding(t testing.TB) *profiler.Service {
	keys, err := header.ParseKeys("key")
	if err != nil {
		t.Fatal(err)
	}
	svc, err := profiler.New(profiler.Config{
		Name: "bench", Keys: keys, Sink: discard{},
		Limits: profiler.LimitConfig{Arrivals: math.MaxInt, TracePoints: math.MaxInt, TraceBytes: math.MaxInt},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = svc.Close(context.Background()) })
	return svc
}

// incoming is the context of a real call that carries md, as an interceptor
// sees it.
func incoming(t testing.TB, md ...string) context.Context {
	r := newRig(t)
	var got context.Context
	r.serverOpts = []grpc.ServerOption{grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			got = ctx
			return handler(ctx, req)
		})}
	r.start(t)
	ctx := metadata.AppendToOutgoingContext(context.Background(), md...)
	if _, err := r.UnaryCall(ctx, &pb.SimpleRequest{}); err != nil {
		t.Fatal(err)
	}
	return got
}

func signed(t testing.TB, svc *profiler.Service) []string {
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "caller"})
	defer p.Stop()
	signed, ok := profiler.Sign(ctx)
	info, mac := signed.Info, signed.HMAC
	if !ok {
		t.Fatal("no headers")
	}
	return []string{"x-trace-info", info, "x-trace-hmac", mac}
}

var unaryInfo = &grpc.UnaryServerInfo{FullMethod: unaryCall}

func answer(context.Context, any) (any, error) { return nil, nil }

func send(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }

func tagInfo(method string) *stats.RPCTagInfo { return &stats.RPCTagInfo{FullMethodName: method} }

func inPayload() stats.RPCStats { return &stats.InPayload{} }

func BenchmarkUnaryServer(b *testing.B) {
	svc := discarding(b)
	hook := sondegrpc.UnaryServerInterceptor(svc)
	for name, md := range map[string][]string{"untraced": nil, "traced": signed(b, svc)} {
		b.Run(name, func(b *testing.B) {
			ctx := incoming(b, md...)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = hook(ctx, nil, unaryInfo, answer)
			}
		})
	}
}

func BenchmarkUnaryClient(b *testing.B) {
	hook := sondegrpc.UnaryClientInterceptor()
	traced, p := discarding(b).Begin(context.Background(), profiler.Opening{Name: "caller"})
	defer p.Stop()
	for name, ctx := range map[string]context.Context{"untraced": context.Background(), "traced": traced} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = hook(ctx, unaryCall, nil, nil, nil, send)
			}
		})
	}
}

// BenchmarkMessage is what the counting costs a message of a stream.
func BenchmarkMessage(b *testing.B) {
	traced, p := discarding(b).Begin(context.Background(), profiler.Opening{Name: "caller"})
	defer p.Stop()
	for name, ctx := range map[string]context.Context{"untraced": context.Background(), "traced": traced} {
		b.Run(name, func(b *testing.B) {
			s, err := openFake(ctx, &fakeStream{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				_ = s.SendMsg(nil)
			}
		})
	}
}
