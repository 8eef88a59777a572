package sondegrpc_test

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	service   = "grpc.testing.TestService"
	unaryCall = "/grpc.testing.TestService/UnaryCall"
	bidiCall  = "/grpc.testing.TestService/FullDuplexCall"
)

// handlers is a test service that does what the test says.
type handlers struct {
	pb.UnimplementedTestServiceServer
	unary  func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error)
	bidi   func(grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error
	output func(grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error
	input  func(grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error
}

func (h *handlers) FullDuplexCall(s grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
	return h.bidi(s)
}

func (h *handlers) StreamingOutputCall(_ *pb.StreamingOutputCallRequest, s grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error {
	return h.output(s)
}

func (h *handlers) StreamingInputCall(s grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
	return h.input(s)
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
	atServer, atClient *profilertest.Recorder
	serverOpts         []grpc.ServerOption
	dialOpts           []grpc.DialOption
}

// forms are the ways to install the hooks. All give the same records.
var forms = []struct {
	name   string
	server func(*profiler.Service) []grpc.ServerOption
	dial   func() []grpc.DialOption
}{
	{"interceptors", serverInterceptors, dialInterceptors},
	{"handlers", serverHandler, dialHandler},
	{"both", func(svc *profiler.Service) []grpc.ServerOption {
		return append(serverInterceptors(svc), serverHandler(svc)...)
	}, func() []grpc.DialOption { return append(dialInterceptors(), dialHandler()...) }},
	{"interceptors twice", func(svc *profiler.Service) []grpc.ServerOption {
		return append(serverInterceptors(svc), serverInterceptors(svc)...)
	}, func() []grpc.DialOption { return append(dialInterceptors(), dialInterceptors()...) }},
	{"handlers twice", func(svc *profiler.Service) []grpc.ServerOption {
		return append(serverHandler(svc), serverHandler(svc)...)
	}, func() []grpc.DialOption { return append(dialHandler(), dialHandler()...) }},
	{"one handler twice", func(svc *profiler.Service) []grpc.ServerOption {
		one := serverHandler(svc)
		return append(one, one...)
	}, func() []grpc.DialOption {
		one := dialHandler()
		return append(one, one...)
	}},
}

func serverInterceptors(svc *profiler.Service) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc)),
		grpc.ChainStreamInterceptor(sondegrpc.StreamServerInterceptor(svc)),
	}
}

func dialInterceptors() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(sondegrpc.UnaryClientInterceptor()),
		grpc.WithChainStreamInterceptor(sondegrpc.StreamClientInterceptor()),
	}
}

func serverHandler(svc *profiler.Service) []grpc.ServerOption {
	return []grpc.ServerOption{grpc.StatsHandler(sondegrpc.ServerHandler(svc))}
}

func dialHandler() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithStatsHandler(sondegrpc.ClientHandler())}
}

// eachForm runs f with a rig for each form of installation.
func eachForm(t *testing.T, f func(*testing.T, *rig)) {
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			r := newRig(t)
			r.serverOpts, r.dialOpts = form.server(r.server), form.dial()
			f(t, r)
		})
	}
}

func newRig(t testing.TB, config ...func(*profiler.Config)) *rig {
	t.Helper()
	r := &rig{do: &handlers{}}
	r.server, r.atServer = profilertest.New(t, "server", config...)
	r.client, r.atClient = profilertest.New(t, "client", config...)
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

// soon is a trace whose deadline passes soon, but not before a call has reached
// the server: the connection is there already.
func (r *rig) soon(t testing.TB) (context.Context, context.CancelFunc) {
	t.Helper()
	unary := r.do.unary
	r.do.unary = nil
	if _, err := r.UnaryCall(context.Background(), &pb.SimpleRequest{}); err != nil {
		t.Fatal(err)
	}
	r.do.unary = unary
	return context.WithTimeout(r.trace(t), 500*time.Millisecond)
}

// atBoth ends the rig and returns the only grpc_client point and the only grpc
// point, once both have stopped.
func (r *rig) atBoth(t testing.TB) (client, server profilertest.Point) {
	t.Helper()
	r.stop()
	client, server = stopped(t, r.atClient, "grpc_client"), stopped(t, r.atServer, "grpc")
	if server.Parent != client.ID || server.Trace != client.Trace {
		t.Error("the server's point is not below the client's")
	}
	for _, svc := range []*profiler.Service{r.client, r.server} {
		if n := svc.Stats().Late; n > 0 {
			t.Errorf("a point was ended %d times too often", n)
		}
	}
	return client, server
}

// stopped returns the only point called name.
func stopped(t testing.TB, rec *profilertest.Recorder, name string) profilertest.Point {
	t.Helper()
	return settled(t, rec, name, 1)[0]
}

// settled returns the n points called name once all have stopped. A stats
// handler hears of a call's end after the client does, and a cancelled stream
// ends soon after the cancelling.
func settled(t testing.TB, rec *profilertest.Recorder, name string, n int) []profilertest.Point {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		points := rec.Named(t, name)
		if len(points) > n {
			t.Fatalf("%d points called %s, want %d", len(points), name, n)
		}
		running := func(p profilertest.Point) bool { return !p.Stopped }
		if len(points) == n && !slices.ContainsFunc(points, running) {
			return points
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not all of %d points stopped: %+v", name, n, points)
		}
		time.Sleep(time.Millisecond)
	}
}
