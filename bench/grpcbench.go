package main

import (
	"context"

	ddgrpc "github.com/DataDog/dd-trace-go/contrib/google.golang.org/grpc/v2"
	zipkingrpc "github.com/openzipkin/zipkin-go/middleware/grpc"
	"github.com/sonde-go/sonde/header"
	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	"go.elastic.co/apm/module/apmgrpc/v2"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

const method = "/shop.Inventory/Reserve"

func grpcRows() []row {
	svc := newService()
	server := sondegrpc.UnaryServerInterceptor(svc)
	client := sondegrpc.UnaryClientInterceptor()
	serverInfo := &grpc.UnaryServerInfo{FullMethod: method}
	handle := func(context.Context, any) (any, error) { return nil, nil }
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	serveWith := func(hook grpc.UnaryServerInterceptor, ctx context.Context) op {
		return each(func() { _, err := hook(ctx, nil, serverInfo, handle); check(err) })
	}
	serve := func(md metadata.MD) op {
		return serveWith(server, metadata.NewIncomingContext(context.Background(), md))
	}
	bareServer := each(func() { _, err := handle(context.Background(), nil); check(err) })
	request := func(ctx context.Context) op {
		return each(func() { check(client(ctx, method, nil, nil, nil, invoke)) })
	}
	bareClient := each(func() { check(invoke(context.Background(), method, nil, nil, nil)) })
	plain := metadata.Pairs("user-agent", "grpc-go/1.85.0", "content-type", "application/grpc", ":authority", "inventory")
	info, mac := signed()
	traced := metadata.Join(plain, metadata.Pairs(header.InfoName, info, header.HMACName, mac))
	ctx := begun(svc)

	on, off := newOTel(true), newOTel(false)
	apms, zipOn, zipOff := newElastic(), newZipkin(true), newZipkin(false)
	incoming := metadata.NewIncomingContext(context.Background(), plain)
	quiet := otelgrpc.WithMeterProvider(noop.NewMeterProvider())
	otelServer := func(p otelgrpc.Option) op {
		return handler(otelgrpc.NewServerHandler(p, quiet), incoming, false)
	}
	otelClient := func(p otelgrpc.Option) op {
		return handler(otelgrpc.NewClientHandler(p, quiet), context.Background(), true)
	}
	return []row{
		{
			name: "gRPC server hook, untraced", off: true, budget: 75, bare: bareServer, sonde: serve(plain),
			peers: peers{
				otel:     otelServer(otelgrpc.WithTracerProvider(off)),
				zipkinGo: handler(zipkingrpc.NewServerHandler(zipOff), incoming, false),
			},
		},
		{
			name: "gRPC server hook, traced", budget: 950, allocs: 4, bare: bareServer, sonde: flushed(serve(traced), svc.Flush),
			peers: peers{
				otel:       flushed(otelServer(otelgrpc.WithTracerProvider(on)), on.ForceFlush),
				dd:         datadog(serveWith(ddgrpc.UnaryServerInterceptor(), incoming)),
				elasticAPM: elastic(apms, serveWith(apmgrpc.NewUnaryServerInterceptor(apmgrpc.WithTracer(apms)), incoming)),
				zipkinGo:   handler(zipkingrpc.NewServerHandler(zipOn), incoming, false),
			},
		},
		{
			name: "gRPC client hook, untraced", off: true, budget: 12, bare: bareClient, sonde: request(context.Background()),
			peers: peers{
				otel:     otelClient(otelgrpc.WithTracerProvider(off)),
				zipkinGo: handler(zipkingrpc.NewClientHandler(zipOff), context.Background(), true),
			},
		},
		{
			name: "gRPC client hook, traced", budget: 1100, allocs: 8, bare: bareClient, sonde: flushed(func(n int) { request(ctx())(n) }, svc.Flush),
			peers: peers{
				otel:     flushed(otelClient(otelgrpc.WithTracerProvider(on)), on.ForceFlush),
				zipkinGo: handler(zipkingrpc.NewClientHandler(zipOn), context.Background(), true),
			},
		},
	}
}

// handler runs a stats handler, OpenTelemetry's only form, through the events
// of one unary call.
func handler(h stats.Handler, ctx context.Context, client bool) op {
	return each(func() {
		ctx := h.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: method})
		h.HandleRPC(ctx, &stats.Begin{Client: client})
		h.HandleRPC(ctx, &stats.InPayload{Client: client, Length: 20})
		h.HandleRPC(ctx, &stats.OutPayload{Client: client, Length: 20})
		h.HandleRPC(ctx, &stats.End{Client: client})
	})
}
