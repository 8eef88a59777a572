package sondegrpc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// A gRPC server may stand behind an HTTP handler that is traced: its calls are
// below the HTTP requests, also where the HTTP layer began the trace.
func TestBehindHTTP(t *testing.T) {
	for _, form := range forms {
		for _, name := range []string{"signed", "admitted"} {
			t.Run(form.name+"/"+name, func(t *testing.T) {
				r := newRig(t, func(c *profiler.Config) {
					if name == "admitted" {
						c.Sampler = profiler.Admit(func(_ context.Context, r profiler.Arrival) bool { return r.Layer == "http" })
					}
				})
				r.do.bidi = echo
				srv := grpc.NewServer(form.server(r.server)...)
				pb.RegisterTestServiceServer(srv, r.do)
				defer srv.Stop()
				web := httptest.NewUnstartedServer(sondehttp.Handler(r.server, srv))
				web.EnableHTTP2 = true
				web.StartTLS()
				defer web.Close()

				roots := x509.NewCertPool()
				roots.AddCert(web.Certificate())
				conn, err := grpc.NewClient(web.Listener.Addr().String(),
					grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots})),
					grpc.WithChainUnaryInterceptor(sondegrpc.UnaryClientInterceptor()),
					grpc.WithChainStreamInterceptor(sondegrpc.StreamClientInterceptor()))
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				ctx := t.Context()
				if name == "signed" {
					ctx = r.trace(t)
				}
				client := pb.NewTestServiceClient(conn)
				if _, err := client.UnaryCall(ctx, &pb.SimpleRequest{}); err != nil {
					t.Fatal(err)
				}
				s, err := client.FullDuplexCall(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Send(&request{}); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Recv(); err != nil {
					t.Fatal(err)
				}
				_ = s.CloseSend()
				if _, err := s.Recv(); err != io.EOF {
					t.Fatal(err)
				}
				_ = conn.Close()
				web.Close()

				requests, calls := settled(t, r.atServer, "http", 2), settled(t, r.atServer, "grpc", 2)
				for i := range 2 {
					if calls[i].Parent != requests[i].ID {
						t.Errorf("%+v is not below its request", calls[i])
					}
				}
				if name == "signed" {
					below(t, requests, r.atClient.Named(t, "grpc_client"))
				}
				equal(t, "unary", calls[0].Stop, object{"grpc": object{"code": "OK"}})
				equal(t, "stream", withoutTimes(t, calls[1]), object{"grpc": stream("OK", "bidi", 1, 1)})
			})
		}
	}
}

// below checks that each of down hangs below the one of up in the same place.
func below(t *testing.T, down, up []profilertest.Point) {
	t.Helper()
	if len(down) != len(up) {
		t.Fatalf("%d points below %d", len(down), len(up))
	}
	for i := range down {
		if down[i].Parent != up[i].ID || down[i].Trace != up[i].Trace {
			t.Errorf("%+v is not below %+v", down[i], up[i])
		}
	}
}
