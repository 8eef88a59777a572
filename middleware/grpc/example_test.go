package sondegrpc_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// printer is a sink that prints records' names and infos.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Printf("%s %s\n", events[i].RecordName(), events[i].Info())
	}
	return nil
}

func newService() *profiler.Service {
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "shop", Host: "h", Keys: keys, Sink: printer{}})
	return svc
}

func Example() {
	svc := newService()

	// The server.
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc)),
		grpc.ChainStreamInterceptor(sondegrpc.StreamServerInterceptor(svc)))
	grpc_health_v1.RegisterHealthServer(srv, health.NewServer())
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go func() { _ = srv.Serve(l) }()

	// The client, usually another program. Its context carries a profiler if a
	// server's hook put one there, or as here if it begins a trace itself.
	conn, _ := grpc.NewClient(l.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(sondegrpc.UnaryClientInterceptor()),
		grpc.WithChainStreamInterceptor(sondegrpc.StreamClientInterceptor()))
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "probe"})
	_, _ = grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	p.Stop()

	_ = conn.Close()
	srv.Stop()
	_ = svc.Close(context.Background())
	// Unordered output:
	// probe-start {"sonde":{"kind":"internal"},"host":"h"}
	// grpc_client-start {"grpc":{"method":"/grpc.health.v1.Health/Check","service":"grpc.health.v1.Health"},"sonde":{"kind":"client"},"host":"h"}
	// grpc-start {"grpc":{"method":"/grpc.health.v1.Health/Check","service":"grpc.health.v1.Health"},"sonde":{"kind":"server"},"host":"h"}
	// grpc-stop {"grpc":{"code":"OK"},"host":"h"}
	// grpc_client-stop {"grpc":{"code":"OK"},"host":"h"}
	// probe-stop {"host":"h"}
}

func ExampleServerHandler() {
	svc := newService()
	srv := grpc.NewServer(grpc.StatsHandler(sondegrpc.ServerHandler(svc)))
	srv.Stop()
	_ = svc.Close(context.Background())
}

func ExampleClientHandler() {
	conn, _ := grpc.NewClient("dns:///cart.internal:443",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(sondegrpc.ClientHandler()))
	_ = conn.Close()
}

// A server beside OSProfiler's own services, whose points are called "rpc",
// that also traces one in a hundred of the calls without headers.
func ExampleWithName() {
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "shop", Keys: keys, Sink: printer{},
		Sampler: profiler.Admit(func(context.Context, profiler.Arrival) bool { return rand.IntN(100) == 0 })})
	rpc := sondegrpc.WithName("rpc")
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc, rpc)),
		grpc.ChainStreamInterceptor(sondegrpc.StreamServerInterceptor(svc, rpc)))
	srv.Stop()
	_ = svc.Close(context.Background())
}
