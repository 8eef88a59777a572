package sondegrpc_test

import (
	"context"
	"net"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/sonde-go/sonde/internal/pointtest"
	"github.com/sonde-go/sonde/profiler"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	service   = "grpc.testing.TestService"
	unaryCall = "/grpc.testing.TestService/UnaryCall"
)

// handlers is a test service that does what the test says.
type handlers struct {
	pb.UnimplementedTestServiceServer
	unary func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error)
}

func (h *handlers) UnaryCall(ctx context.Context, r *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	if h.unary == nil {
		return &pb.SimpleResponse{}, nil
	}
	return h.unary(ctx, r)
}

// rig is a server and a connection to it, and the two services that trace
// them.
type rig struct {
	do *handlers
	pb.TestServiceClient
	conn *grpc.ClientConn
	stop func() // ends both and waits for the handlers

	server, client     *profiler.Service
	atServer, atClient *pointtest.Recorder
	serverOpts         []grpc.ServerOption
	dialOpts           []grpc.DialOption
}

func newRig(t testing.TB, config ...func(*profiler.Config)) *rig {
	t.Helper()
	r := &rig{do: &handlers{}}
	r.server, r.atServer = pointtest.New(t, "server", config...)
	r.client, r.atClient = pointtest.New(t, "client", config...)
	return r
}

// start serves on a free port of the loopback interface.
func (r *rig) start(t testing.TB) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(append(r.serverOpts, grpc.WaitForHandlers(true))...)
	pb.RegisterTestServiceServer(srv, r.do)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	r.conn = dial(t, l.Addr().String(), r.dialOpts...)
	r.TestServiceClient = pb.NewTestServiceClient(r.conn)
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = r.conn.Close()
		srv.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(r.stop)
	return r
}

func dial(t testing.TB, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// trace begins a trace on the client's side; it ends with the test.
func (r *rig) trace(t testing.TB) context.Context {
	ctx, p := r.client.Begin(context.Background(), profiler.Opening{Name: "test"})
	t.Cleanup(func() { p.Stop() })
	return ctx
}

// atBoth ends the rig and returns the only grpc_client point and the only grpc
// point.
func (r *rig) atBoth(t testing.TB) (client, server pointtest.Point) {
	t.Helper()
	r.stop()
	return r.atClient.One(t, "grpc_client"), r.atServer.One(t, "grpc")
}
