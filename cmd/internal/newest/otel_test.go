package newest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sonde-go/sonde/header"
	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// signing is a service whose keys verify what it signs.
func signing(t *testing.T, name string) (*profiler.Service, *profilertest.Recorder) {
	t.Helper()
	keys, err := header.ParseKeys("a-key-of-this-test")
	if err != nil {
		t.Fatal(err)
	}
	return profilertest.New(t, name, func(c *profiler.Config) { c.Keys = keys })
}

// onlyChild is the one point below parent.
func onlyChild(t *testing.T, rec *profilertest.Recorder, parent header.ID) (child profilertest.Point) {
	t.Helper()
	n := 0
	for _, p := range rec.Points(t) {
		if p.Parent == parent {
			child = p
			n++
		}
	}
	if n != 1 || !child.Stopped {
		t.Fatalf("%d points below %v: %+v", n, parent, rec.Points(t))
	}
	return child
}

// TestOtelhttp: a server that has otelhttp, unmodified, joins a signed trace, and
// a call is one point in whatever order its transport and ours are.
func TestOtelhttp(t *testing.T) {
	caller, front := signing(t, "front")
	svc, back := signing(t, "back")
	provider := otelhttp.WithTracerProvider(oteltrace.NewTracerProvider())
	inside := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, p := profiler.Start(r.Context(), "work")
		p.Stop()
	})
	server := httptest.NewServer(otelhttp.NewHandler(inside, "server", provider, otelhttp.WithPropagators(oteltrace.NewPropagator(svc))))
	defer server.Close()
	base := server.Client().Transport
	allow := sondehttp.AllowHosts(strings.TrimPrefix(server.URL, "http://"))
	plain := otelhttp.WithPropagators(oteltrace.NewPropagator(caller))
	for name, transport := range map[string]http.RoundTripper{
		"ours":        sondehttp.Transport(base, allow),
		"ours within": otelhttp.NewTransport(sondehttp.Transport(base, allow), provider, plain),
		"ours around": sondehttp.Transport(otelhttp.NewTransport(base, provider, plain), allow),
	} {
		ctx, root := caller.Begin(t.Context(), profiler.Opening{Name: "root"})
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/cart", nil)
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		root.Stop()
		call := onlyChild(t, front, root.ID())
		served := onlyChild(t, back, call.ID)
		if work := onlyChild(t, back, served.ID); work.Name != "work" || work.Trace != root.ID() && work.Trace != profiler.BaseID(ctx) {
			t.Errorf("%s: %+v", name, work)
		}
	}
}

// TestOtelgrpc: the same of gRPC and otelgrpc's stats handlers.
func TestOtelgrpc(t *testing.T) {
	caller, front := signing(t, "front")
	svc, back := signing(t, "back")
	provider := otelgrpc.WithTracerProvider(oteltrace.NewTracerProvider())
	for name, clients := range map[string][]grpc.DialOption{
		"ours":           {grpc.WithUnaryInterceptor(sondegrpc.UnaryClientInterceptor())},
		"both":           {grpc.WithUnaryInterceptor(sondegrpc.UnaryClientInterceptor()), grpc.WithStatsHandler(otelgrpc.NewClientHandler(provider))},
		"two handlers":   {grpc.WithStatsHandler(sondegrpc.ClientHandler()), grpc.WithStatsHandler(otelgrpc.NewClientHandler(provider))},
		"the other way":  {grpc.WithStatsHandler(otelgrpc.NewClientHandler(provider)), grpc.WithStatsHandler(sondegrpc.ClientHandler())},
		"signing for it": {grpc.WithStatsHandler(otelgrpc.NewClientHandler(provider, otelgrpc.WithPropagators(oteltrace.NewPropagator(caller, oteltrace.InjectEverywhere()))))},
	} {
		t.Run(name, func(t *testing.T) {
			listener := bufconn.Listen(1 << 16)
			server := grpc.NewServer(grpc.StatsHandler(otelgrpc.NewServerHandler(provider, otelgrpc.WithPropagators(oteltrace.NewPropagator(svc)))),
				grpc.UnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc)))
			healthpb.RegisterHealthServer(server, health.NewServer())
			done := make(chan struct{})
			go func() { defer close(done); _ = server.Serve(listener) }()
			defer func() { server.Stop(); <-done }()
			conn, err := grpc.NewClient("passthrough:///bufconn", append(clients, grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			ctx, root := caller.Begin(t.Context(), profiler.Opening{Name: "root"})
			if _, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
				t.Fatal(err)
			}
			root.Stop()
			server.GracefulStop()
			call := onlyChild(t, front, root.ID())
			onlyChild(t, back, call.ID)
		})
	}
}
