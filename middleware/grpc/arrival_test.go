package sondegrpc_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// aStream is a server's stream of which only the context is used.
type aStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s aStream) Context() context.Context { return s.ctx }

// arriving is ctx with h as the metadata of an incoming call.
func arriving(ctx context.Context, h profilertest.Headers) context.Context {
	md := metadata.MD{}
	for name, value := range h.All() {
		md.Append(strings.ToLower(name), value)
	}
	return metadata.NewIncomingContext(ctx, md)
}

func TestArrivals(t *testing.T) {
	type receive = func(*testing.T, context.Context, *profiler.Service, profilertest.Headers, func(context.Context))
	for name, receive := range map[string]receive{
		"unary": func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			_, _ = sondegrpc.UnaryServerInterceptor(svc)(arriving(ctx, h), nil, &grpc.UnaryServerInfo{FullMethod: unaryCall},
				func(ctx context.Context, _ any) (any, error) {
					inside(ctx)
					return nil, nil
				})
		},
		"stream": func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			_ = sondegrpc.StreamServerInterceptor(svc)(nil, aStream{ctx: arriving(ctx, h)}, &grpc.StreamServerInfo{FullMethod: bidiCall},
				func(_ any, s grpc.ServerStream) error {
					inside(s.Context())
					return nil
				})
		},
		"stats handler": func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			handler := sondegrpc.ServerHandler(svc)
			ctx = handler.TagRPC(arriving(ctx, h), &stats.RPCTagInfo{FullMethodName: unaryCall})
			handler.HandleRPC(ctx, &stats.Begin{})
			inside(ctx)
			handler.HandleRPC(ctx, &stats.OutTrailer{})
			handler.HandleRPC(ctx, &stats.End{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			profilertest.Receiver{Layer: "grpc", Kind: layer.Server, Receive: receive}.Test(t)
		})
	}
}

func TestSends(t *testing.T) {
	outgoing := func(ctx context.Context) profilertest.Headers {
		md, _ := metadata.FromOutgoingContext(ctx)
		return profilertest.Headers{
			header.InfoName: strings.Join(md["x-trace-info"], ","),
			header.HMACName: strings.Join(md["x-trace-hmac"], ","),

			header.TraceParentName: strings.Join(md[header.TraceParentName], ","),
		}
	}
	carrying := func(ctx context.Context, h profilertest.Headers) context.Context {
		for name, value := range h.All() {
			ctx = metadata.AppendToOutgoingContext(ctx, name, value)
		}
		return ctx
	}
	type send = func(*testing.T, context.Context, profilertest.Headers) profilertest.Headers
	for name, send := range map[string]send{
		"unary": func(_ *testing.T, ctx context.Context, h profilertest.Headers) (sent profilertest.Headers) {
			_ = sondegrpc.UnaryClientInterceptor()(carrying(ctx, h), unaryCall, nil, nil, nil,
				func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
					sent = outgoing(ctx)
					return nil
				})
			return sent
		},
		"stream": func(_ *testing.T, ctx context.Context, h profilertest.Headers) (sent profilertest.Headers) {
			_, _ = sondegrpc.StreamClientInterceptor()(carrying(ctx, h), bidiDesc, nil, bidiCall,
				func(ctx context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
					sent = outgoing(ctx)
					return nil, io.EOF
				})
			return sent
		},
		"stats handler": func(_ *testing.T, ctx context.Context, h profilertest.Headers) profilertest.Headers {
			handler := sondegrpc.ClientHandler()
			ctx = handler.TagRPC(carrying(ctx, h), &stats.RPCTagInfo{FullMethodName: unaryCall})
			handler.HandleRPC(ctx, &stats.End{})
			return outgoing(ctx)
		},
	} {
		t.Run(name, profilertest.Sender{Send: send, Keeps: true}.Test)
	}
}

func TestOptionsOfUsers(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	filter := sondegrpc.WithFilter(func(method string) bool { return !strings.HasPrefix(method, "/grpc.health.") })
	tenant := sondegrpc.WithAttributes(func(context.Context, string) []slog.Attr { return []slog.Attr{slog.String("tenant", "acme")} })
	h := profilertest.Headers{}
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	profiler.Inject(ctx, h)
	for _, method := range []string{"/grpc.health.v1.Health/Check", unaryCall} {
		_, _ = sondegrpc.UnaryServerInterceptor(svc, filter, tenant)(arriving(context.Background(), h), nil, &grpc.UnaryServerInfo{FullMethod: method},
			func(context.Context, any) (any, error) { return nil, nil })
		_ = sondegrpc.UnaryClientInterceptor(filter, tenant)(ctx, method, nil, nil, nil,
			func(ctx context.Context, method string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
				if md, _ := metadata.FromOutgoingContext(ctx); (len(md) > 0) != (method == unaryCall) {
					t.Errorf("%s is sent with %v", method, md)
				}
				return nil
			})
	}
	for _, name := range []string{"grpc", "grpc_client"} {
		if p := rec.One(t, name); p.Stop["tenant"] != "acme" {
			t.Errorf("%+v", p)
		}
	}
}
