// Package interop runs the gRPC project's own interoperability tests, its
// client against its server, with the hooks of sondegrpc on both sides.
//
// Left out of interop_test.sh's list is orca_oob, whose server needs a switch
// that is internal to gRPC and which does not pass through hooks.
package interop

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/interop"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/orca"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// fatal has the tests panic where they would end the program.
type fatal struct{ grpclog.LoggerV2 }

func (fatal) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (fatal) Fatalln(args ...any)               { panic(fmt.Sprintln(args...)) }
func (fatal) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func TestMain(m *testing.M) {
	discard := grpclog.NewLoggerV2(nothing{}, nothing{}, nothing{})
	grpclog.SetLoggerV2(fatal{discard})
	goleak.VerifyTestMain(m)
}

type nothing struct{}

func (nothing) Write(p []byte) (int, error) { return len(p), nil }

// peers are the two ends of a test case.
type peers struct {
	conn *grpc.ClientConn
	tc   pb.TestServiceClient
	dial func() *grpc.ClientConn
	addr string
}

// cases are run in turn; client says how its calls ended, with the messages
// sent and received by a stream where they are certain.
var cases = []struct {
	name   string
	run    func(context.Context, *peers)
	client []string
	// early: the client or the server may end the call before the other side
	// has heard of it.
	early bool
}{
	{"empty_unary", func(ctx context.Context, p *peers) { interop.DoEmptyUnaryCall(ctx, p.tc) }, []string{"OK"}, false},
	{"large_unary", func(ctx context.Context, p *peers) { interop.DoLargeUnaryCall(ctx, p.tc) }, []string{"OK"}, false},
	{"client_streaming", func(ctx context.Context, p *peers) { interop.DoClientStreaming(ctx, p.tc) }, []string{"OK 4/1"}, false},
	{"server_streaming", func(ctx context.Context, p *peers) { interop.DoServerStreaming(ctx, p.tc) }, []string{"OK 1/4"}, false},
	{"ping_pong", func(ctx context.Context, p *peers) { interop.DoPingPong(ctx, p.tc) }, []string{"OK 4/4"}, false},
	{"empty_stream", func(ctx context.Context, p *peers) { interop.DoEmptyStream(ctx, p.tc) }, []string{"OK 0/0"}, false},
	{"timeout_on_sleeping_server", func(ctx context.Context, p *peers) { interop.DoTimeoutOnSleepingServer(ctx, p.tc) }, []string{"DeadlineExceeded"}, true},
	{"cancel_after_begin", func(ctx context.Context, p *peers) { interop.DoCancelAfterBegin(ctx, p.tc) }, []string{"Canceled"}, true},
	{"cancel_after_first_response", func(ctx context.Context, p *peers) { interop.DoCancelAfterFirstResponse(ctx, p.tc) }, []string{"Canceled 1/1"}, false},
	{"status_code_and_message", func(ctx context.Context, p *peers) { interop.DoStatusCodeAndMessage(ctx, p.tc) }, []string{"Unknown", "Unknown 1/0"}, false},
	{"special_status_message", func(ctx context.Context, p *peers) { interop.DoSpecialStatusMessage(ctx, p.tc) }, []string{"Unknown"}, false},
	{"custom_metadata", func(ctx context.Context, p *peers) { interop.DoCustomMetadata(ctx, p.tc) }, []string{"OK", "OK 1/1"}, false},
	{"unimplemented_method", func(ctx context.Context, p *peers) { interop.DoUnimplementedMethod(ctx, p.conn) }, []string{"Unimplemented"}, true},
	{"unimplemented_service", func(ctx context.Context, p *peers) {
		interop.DoUnimplementedService(ctx, pb.NewUnimplementedServiceClient(p.conn))
	}, []string{"Unimplemented"}, true},
	{"orca_per_rpc", func(ctx context.Context, p *peers) { interop.DoORCAPerRPCTest(ctx, p.tc) }, []string{"OK"}, false},
	{"rpc_soak", func(ctx context.Context, p *peers) {
		soak(func() { interop.DoLargeUnaryCall(ctx, p.tc) })
	}, soaked, false},
	{"channel_soak", func(ctx context.Context, p *peers) {
		soak(func() {
			conn := p.dial()
			defer conn.Close()
			interop.DoLargeUnaryCall(ctx, pb.NewTestServiceClient(conn))
		})
	}, soaked, false},
}

var soaked = []string{"OK", "OK", "OK", "OK", "OK", "OK"}

// soak makes the calls of gRPC's soak tests, whose own function takes other
// arguments with each release.
func soak(call func()) {
	var workers sync.WaitGroup
	for range 2 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for range len(soaked) / 2 {
				call()
			}
		}()
	}
	workers.Wait()
}

// forms are the ways to install the hooks.
var forms = []struct {
	name   string
	server func(*profiler.Service) []grpc.ServerOption
	client func() []grpc.DialOption
}{
	{"interceptors", interceptServer, interceptClient},
	{"handlers", handleServer, handleClient},
	{"both", func(svc *profiler.Service) []grpc.ServerOption {
		return append(interceptServer(svc), handleServer(svc)...)
	}, func() []grpc.DialOption { return append(interceptClient(), handleClient()...) }},
}

func interceptServer(svc *profiler.Service) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc)),
		grpc.ChainStreamInterceptor(sondegrpc.StreamServerInterceptor(svc)),
	}
}

func interceptClient() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(sondegrpc.UnaryClientInterceptor()),
		grpc.WithChainStreamInterceptor(sondegrpc.StreamClientInterceptor()),
	}
}

func handleServer(svc *profiler.Service) []grpc.ServerOption {
	return []grpc.ServerOption{grpc.StatsHandler(sondegrpc.ServerHandler(svc))}
}

func handleClient() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithStatsHandler(sondegrpc.ClientHandler())}
}

func TestInterop(t *testing.T) {
	for _, form := range forms {
		for _, traced := range []bool{true, false} {
			name := form.name + "/untraced"
			if traced {
				name = form.name + "/traced"
			}
			t.Run(name, func(t *testing.T) {
				for _, c := range cases {
					t.Run(c.name, func(t *testing.T) {
						server, atServer := profilertest.New(t, "server")
						client, atClient := profilertest.New(t, "client")
						p := connect(t, form.server(server), form.client())
						ctx := context.Background()
						if traced {
							var root profiler.Point
							ctx, root = client.Begin(ctx, profiler.Opening{Name: "test"})
							defer root.Stop()
						}
						if fatally(t, func() { c.run(ctx, p) }) {
							t.Skip("the server had answered before the client cancelled, as may happen without hooks too")
						}
						if !traced {
							if n := len(atServer.Points(t)) + len(atClient.Points(t)); n > 0 {
								t.Errorf("%d points", n)
							}
							return
						}
						calls := settled(t, atClient, "grpc_client")
						checkEnds(t, calls, c.client, c.early && form.name == "handlers")
						served := settled(t, atServer, "grpc")
						if len(served) != len(calls) && !c.early {
							t.Errorf("%d points at the server for %d calls", len(served), len(calls))
						}
						below(t, served, calls)
						if n := server.Stats().Late + client.Stats().Late; n > 0 {
							t.Errorf("a point was ended %d times too often", n)
						}
					})
				}
			})
		}
	}
}

// connect starts the interoperability server and connects to it.
func connect(t *testing.T, serverOpts []grpc.ServerOption, dialOpts []grpc.DialOption) *peers {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(append(serverOpts, orca.CallMetricsServerOption(nil))...)
	pb.RegisterTestServiceServer(srv, interop.NewTestServer())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	p := &peers{addr: l.Addr().String()}
	p.dial = func() *grpc.ClientConn {
		conn, err := grpc.NewClient(p.addr, append(dialOpts,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"test_backend_metrics_load_balancer": {}}]}`))...)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	p.conn = p.dial()
	t.Cleanup(func() { _ = p.conn.Close() })
	p.tc = pb.NewTestServiceClient(p.conn)
	return p
}

// answered is what gRPC's cancel_after_begin fails with if the server's answer
// is faster than the cancelling, which nothing in that test prevents.
const answered = "CloseAndRecv() got error code 0, want 1"

// fatally runs one of gRPC's tests, which panics where it fails. raced says
// that it lost a race of its own making.
func fatally(t *testing.T, run func()) (raced bool) {
	t.Helper()
	defer func() {
		if v := recover(); v != nil {
			if raced = strings.HasSuffix(fmt.Sprint(v), answered); !raced {
				t.Fatal(v)
			}
		}
	}()
	run()
	return false
}

// TestRace: nothing but that race is tolerated.
func TestRace(t *testing.T) {
	if !fatally(t, func() { grpclog.Fatalf("%v.CloseAndRecv() got error code %d, want %d", t, codes.OK, codes.Canceled) }) {
		t.Error("the race is not known")
	}
	if fatally(t, func() {}) {
		t.Error("a test that passes has raced")
	}
}

// settled waits until all points called name have stopped.
func settled(t *testing.T, rec *profilertest.Recorder, name string) []profilertest.Point {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		points := rec.Named(t, name)
		if !slices.ContainsFunc(points, func(p profilertest.Point) bool { return !p.Stopped }) {
			return points
		}
		if time.Now().After(deadline) {
			t.Fatalf("a point called %s never stopped", name)
		}
		time.Sleep(time.Millisecond)
	}
}

// checkEnds checks how calls ended: as wanted, in any order. A stats handler
// may not hear of a call that is over early, or not of its status.
func checkEnds(t *testing.T, calls []profilertest.Point, want []string, early bool) {
	t.Helper()
	var got []string
	for _, p := range calls {
		info, _ := p.Stop["grpc"].(map[string]any)
		text := fmt.Sprint(info["code"])
		if info["stream"] != nil {
			text += fmt.Sprintf(" %v/%v", info["sent"], info["received"])
		}
		got = append(got, text)
	}
	slices.SortFunc(got, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	if early && (len(got) == 0 || got[0] == "Unknown") && len(got) <= len(want) {
		return
	}
	same := func(got, want string) bool { return strings.HasPrefix(got, want) }
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("the calls ended as %q, want %q", got, want)
	}
}

// below checks that each served call hangs below a call of the client's, and
// no two below the same one.
func below(t *testing.T, served, calls []profilertest.Point) {
	t.Helper()
	parents := map[header.ID]bool{}
	for _, p := range calls {
		parents[p.ID] = true
	}
	for _, p := range served {
		if !parents[p.Parent] {
			t.Errorf("%v is below no call of its own", p.Start)
		}
		delete(parents, p.Parent)
	}
}
