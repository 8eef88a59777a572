package sondegrpc_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

type object = map[string]any

// unaryRig is a rig with the unary interceptors on both sides.
func unaryRig(t testing.TB, config ...func(*profiler.Config)) *rig {
	r := newRig(t, config...)
	r.serverOpts = []grpc.ServerOption{grpc.ChainUnaryInterceptor(sondegrpc.UnaryServerInterceptor(r.server))}
	r.dialOpts = []grpc.DialOption{grpc.WithChainUnaryInterceptor(sondegrpc.UnaryClientInterceptor())}
	return r
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func TestUnaryIsOneTrace(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.unary = func(ctx context.Context, _ *pb.SimpleRequest) (*pb.SimpleResponse, error) {
			_, p := profiler.Start(ctx, "own")
			p.Stop()
			return &pb.SimpleResponse{Username: "me"}, nil
		}
		resp, err := r.UnaryCall(r.trace(t), &pb.SimpleRequest{})
		if err != nil || resp.GetUsername() != "me" {
			t.Fatal(resp, err)
		}
		client, server := r.atBoth(t)
		own, test := r.atServer.One(t, "own"), r.atClient.One(t, "test")
		for _, hop := range []struct{ up, down profilertest.Point }{{test, client}, {client, server}, {server, own}} {
			if hop.down.Parent != hop.up.ID || hop.down.Trace != hop.up.Trace {
				t.Errorf("%s is not below %s", hop.down.Name, hop.up.Name)
			}
		}
		start := object{"grpc": object{"method": unaryCall, "service": service}}
		stop := object{"grpc": object{"code": "OK"}}
		equal(t, "client's start", client.Start, start)
		equal(t, "server's start", server.Start, start)
		equal(t, "client's stop", client.Stop, stop)
		equal(t, "server's stop", server.Stop, stop)
	})
}

func TestStatusCodes(t *testing.T) {
	failed := func(code, message string) object {
		return object{"etype": "grpc." + code, "message": message, "grpc": object{"code": code}}
	}
	shown := func(code, message string) object {
		return object{"grpc": object{"code": code, "message": message}}
	}
	timeout := func(message string) object {
		o := failed("DeadlineExceeded", message)
		o["outcome"] = "timeout"
		return o
	}
	for _, test := range []struct {
		err            error
		server, client object
	}{
		{status.Error(codes.Canceled, "m"), failed("Canceled", "m"), failed("Canceled", "m")},
		{status.Error(codes.Unknown, "m"), failed("Unknown", "m"), failed("Unknown", "m")},
		{status.Error(codes.InvalidArgument, "m"), shown("InvalidArgument", "m"), failed("InvalidArgument", "m")},
		{status.Error(codes.DeadlineExceeded, "m"), failed("DeadlineExceeded", "m"), timeout("m")},
		{status.Error(codes.NotFound, "m"), shown("NotFound", "m"), failed("NotFound", "m")},
		{status.Error(codes.AlreadyExists, "m"), shown("AlreadyExists", "m"), failed("AlreadyExists", "m")},
		{status.Error(codes.PermissionDenied, "m"), shown("PermissionDenied", "m"), failed("PermissionDenied", "m")},
		{status.Error(codes.ResourceExhausted, "m"), shown("ResourceExhausted", "m"), failed("ResourceExhausted", "m")},
		{status.Error(codes.FailedPrecondition, "m"), shown("FailedPrecondition", "m"), failed("FailedPrecondition", "m")},
		{status.Error(codes.Aborted, "m"), shown("Aborted", "m"), failed("Aborted", "m")},
		{status.Error(codes.OutOfRange, "m"), shown("OutOfRange", "m"), failed("OutOfRange", "m")},
		{status.Error(codes.Unimplemented, "m"), failed("Unimplemented", "m"), failed("Unimplemented", "m")},
		{status.Error(codes.Internal, "m"), failed("Internal", "m"), failed("Internal", "m")},
		{status.Error(codes.Unavailable, "m"), failed("Unavailable", "m"), failed("Unavailable", "m")},
		{status.Error(codes.DataLoss, "m"), failed("DataLoss", "m"), failed("DataLoss", "m")},
		{status.Error(codes.Unauthenticated, "m"), shown("Unauthenticated", "m"), failed("Unauthenticated", "m")},
		{status.Error(99, "m"), shown("Code(99)", "m"), failed("Code(99)", "m")},
		{errors.New("m"), failed("Unknown", "m"), failed("Unknown", "m")},
		{fmt.Errorf("cart: %w", status.Error(codes.NotFound, "m")),
			shown("NotFound", "cart: rpc error: code = NotFound desc = m"),
			failed("NotFound", "cart: rpc error: code = NotFound desc = m")},
		{fmt.Errorf("db: %w", context.Canceled), failed("Canceled", "db: context canceled"), failed("Canceled", "db: context canceled")},
	} {
		t.Run(test.err.Error(), func(t *testing.T) {
			eachForm(t, func(t *testing.T, r *rig) {
				r.start(t)
				r.do.unary = func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) { return nil, test.err }
				if _, err := r.UnaryCall(r.trace(t), &pb.SimpleRequest{}); err == nil {
					t.Fatal("no error")
				}
				client, server := r.atBoth(t)
				equal(t, "server", server.Stop, test.server)
				equal(t, "client", client.Stop, test.client)
			})
		})
	}
}

// What remains of a client that goes away is not a failure of the server.
var (
	cancelled = object{"outcome": "cancelled", "grpc": object{"code": "Canceled", "message": "context canceled"}}
	timedOut  = object{"outcome": "timeout", "grpc": object{"code": "DeadlineExceeded", "message": "context deadline exceeded"}}
)

func TestCancel(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		ctx, cancel := context.WithCancel(r.trace(t))
		r.do.unary = func(ctx context.Context, _ *pb.SimpleRequest) (*pb.SimpleResponse, error) {
			cancel()
			<-ctx.Done()
			return nil, fmt.Errorf("db: %w", ctx.Err())
		}
		if _, err := r.UnaryCall(ctx, &pb.SimpleRequest{}); status.Code(err) != codes.Canceled {
			t.Fatal(err)
		}
		client, server := r.atBoth(t)
		equal(t, "client", client.Stop, cancelled)
		equal(t, "server", server.Stop, object{"outcome": "cancelled",
			"grpc": object{"code": "Canceled", "message": "db: context canceled"}})
	})
}

func TestDeadline(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		ctx, cancel := r.soon(t)
		defer cancel()
		r.do.unary = func(ctx context.Context, _ *pb.SimpleRequest) (*pb.SimpleResponse, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		_, err := r.UnaryCall(ctx, &pb.SimpleRequest{})
		if status.Code(err) != codes.DeadlineExceeded {
			t.Fatal(err)
		}
		client, server := r.atBoth(t)
		equal(t, "client", client.Stop, object{"outcome": "timeout", "etype": "grpc.DeadlineExceeded",
			"message": status.Convert(err).Message(), "grpc": object{"code": "DeadlineExceeded"}})
		// The server hears of it from its own clock or from the client.
		if !reflect.DeepEqual(server.Stop, timedOut) {
			equal(t, "server", server.Stop, cancelled)
		}
	})
}

func TestUntraced(t *testing.T) {
	r := unaryRig(t)
	ctx, p := r.client.Begin(context.Background(), profiler.Opening{Name: "test"})
	p.Stop()
	signed, _ := profiler.Sign(ctx)
	info, mac := signed.Info, signed.HMAC
	r.start(t)
	for _, test := range []struct {
		name    string
		md      []string
		refusal header.Refusal
		refused bool
	}{
		{name: "no headers"},
		{name: "other headers", md: []string{"x-request-id", "1"}},
		{"forged", []string{"x-trace-info", info, "x-trace-hmac", "0123456789012345678901234567890123456789"}, header.ErrUnknownKey, true},
		{"unsigned", []string{"x-trace-info", info}, header.ErrNoSignature, true},
		{name: "signature only", md: []string{"x-trace-hmac", mac}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := r.server.Stats().Refused[test.refusal]
			active := true
			r.do.unary = func(ctx context.Context, _ *pb.SimpleRequest) (*pb.SimpleResponse, error) {
				active = profiler.Active(ctx)
				return &pb.SimpleResponse{}, nil
			}
			ctx := metadata.AppendToOutgoingContext(context.Background(), test.md...)
			if _, err := r.UnaryCall(ctx, &pb.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
			if active {
				t.Error("the handler's context carries a profiler")
			}
			if n := r.server.Stats().Refused[test.refusal] - before; n != 1 && test.refused {
				t.Errorf("%d refusals counted, want 1", n)
			}
		})
	}
	r.stop()
	if p := r.atServer.Points(t); len(p) > 0 {
		t.Errorf("points %v", p)
	}
	if p := r.atClient.Named(t, "grpc_client"); len(p) > 0 {
		t.Errorf("points %v", p)
	}
}

func TestAdmission(t *testing.T) {
	var asked []profiler.Arrival
	r := unaryRig(t, func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(_ context.Context, r profiler.Arrival) bool {
			asked = append(asked, r)
			return len(asked) == 2
		})
	}).start(t)
	for range 3 {
		if _, err := r.UnaryCall(context.Background(), &pb.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	r.stop()
	p := r.atServer.One(t, "grpc")
	if p.Parent != p.Trace {
		t.Error("the point is not at the top of its trace")
	}
	want := profiler.Arrival{Layer: "grpc", Kind: layer.Server, Path: unaryCall, Route: unaryCall}
	equal(t, "asked", asked, []profiler.Arrival{want, want, want})
}

// The server under a traced HTTP handler, for instance.
func TestBelowAnotherLayer(t *testing.T) {
	svc, rec := profilertest.New(t, "server")
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "http"})
	signed, _ := profiler.Sign(ctx)
	info, mac := signed.Info, signed.HMAC
	ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("x-trace-info", info, "x-trace-hmac", mac))
	_, err := sondegrpc.UnaryServerInterceptor(svc)(ctx, nil, unaryInfo, answer)
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
	if call := rec.One(t, "grpc"); call.Parent != rec.One(t, "http").ID {
		t.Error("the call is not below the HTTP request")
	}
}

// A call that an inner interceptor makes on behalf of another one, here for a
// token, has a point of its own.
func TestCallWithinACall(t *testing.T) {
	r := unaryRig(t)
	r.dialOpts = append(r.dialOpts, grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if method == unaryCall {
				if _, err := pb.NewTestServiceClient(cc).EmptyCall(ctx, &pb.Empty{}); status.Code(err) != codes.Unimplemented {
					return err
				}
			}
			return invoker(ctx, method, req, reply, cc, opts...)
		}))
	r.start(t)
	if _, err := r.UnaryCall(r.trace(t), &pb.SimpleRequest{}); err != nil {
		t.Fatal(err)
	}
	r.stop()
	calls, served := r.atClient.Named(t, "grpc_client"), r.atServer.Named(t, "grpc")
	if len(calls) != 2 || len(served) != 2 {
		t.Fatalf("%d points at the client and %d at the server, want 2 each", len(calls), len(served))
	}
	if calls[1].Parent != calls[0].ID {
		t.Error("the inner call is not below the outer one")
	}
	if served[0].Parent != calls[1].ID || served[1].Parent != calls[0].ID {
		t.Error("the server's points do not hang below their calls")
	}
}

// A proxy passes on the metadata that came in.
func TestForwardedHeadersAreReplaced(t *testing.T) {
	r := unaryRig(t)
	var got metadata.MD
	arrived(r, &got)
	r.start(t)
	ctx := metadata.AppendToOutgoingContext(r.trace(t), "X-Trace-Info", "old", "x-trace-hmac", "old", "a", "1", "a", "2")
	if _, err := r.UnaryCall(ctx, &pb.SimpleRequest{}); err != nil {
		t.Fatal(err)
	}
	if n, m := len(got["x-trace-info"]), len(got["x-trace-hmac"]); n != 1 || m != 1 {
		t.Errorf("%d and %d values sent, want one each", n, m)
	}
	equal(t, "other metadata", got["a"], []string{"1", "2"})
	if client, server := r.atBoth(t); server.Parent != client.ID {
		t.Error("the server's point is not below the client's")
	}
}

func TestNoHookNoHeaders(t *testing.T) {
	r := unaryRig(t)
	r.dialOpts = nil
	r.start(t)
	if _, err := r.UnaryCall(r.trace(t), &pb.SimpleRequest{}); err != nil {
		t.Fatal(err)
	}
	r.stop()
	if p := r.atServer.Points(t); len(p) > 0 {
		t.Errorf("points %v", p)
	}
}

func TestWithName(t *testing.T) {
	r := newRig(t)
	rpc := sondegrpc.WithName("rpc")
	r.serverOpts = []grpc.ServerOption{grpc.UnaryInterceptor(sondegrpc.UnaryServerInterceptor(r.server, rpc))}
	r.dialOpts = []grpc.DialOption{grpc.WithUnaryInterceptor(sondegrpc.UnaryClientInterceptor(rpc))}
	r.start(t)
	if _, err := r.UnaryCall(r.trace(t), &pb.SimpleRequest{}); err != nil {
		t.Fatal(err)
	}
	r.stop()
	r.atClient.One(t, "rpc")
	r.atServer.One(t, "rpc")
}

func TestPanicPassesOn(t *testing.T) {
	r := unaryRig(t)
	sentinel := &struct{ text string }{"boom"}
	var caught any
	r.serverOpts = slices.Insert(r.serverOpts, 0, grpc.ChainUnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (_ any, err error) {
			defer func() {
				if caught = recover(); caught != nil {
					err = status.Error(codes.Internal, "recovered")
				}
			}()
			return handler(ctx, req)
		}))
	r.do.unary = func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) { panic(sentinel) }
	r.start(t)
	if _, err := r.UnaryCall(r.trace(t), &pb.SimpleRequest{}); status.Code(err) != codes.Internal {
		t.Fatal(err)
	}
	if caught != sentinel {
		t.Errorf("the panic's value arrived as %v", caught)
	}
	_, server := r.atBoth(t)
	equal(t, "stop", server.Stop, object{"etype": "panic", "message": "&{boom}"})
}

func TestPanicAtTheClientPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "client")
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "test"})
	defer p.Stop()
	hook := sondegrpc.UnaryClientInterceptor()
	call := func(ctx context.Context, f func()) {
		_ = hook(ctx, unaryCall, nil, nil, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
			f()
			return nil
		})
	}
	func() {
		defer func() {
			if v := recover(); v != "boom" {
				t.Errorf("the panic's value arrived as %v", v)
			}
		}()
		call(ctx, func() { panic("boom") })
	}()
	equal(t, "stop", rec.One(t, "grpc_client").Stop, object{"etype": "panic", "message": "boom"})

	done := make(chan struct{})
	go func() {
		defer close(done)
		call(ctx, runtime.Goexit)
	}()
	watchdog.Await(t, "the call's end", done)
	equal(t, "stop", rec.Named(t, "grpc_client")[1].Stop, object{"outcome": "goexit"})
}

// badError is an error whose own code panics.
type badError struct{}

func (e badError) Error() string              { panic("Error") }
func (e badError) GRPCStatus() *status.Status { panic("GRPCStatus") }

func TestErrorThatPanics(t *testing.T) {
	svc, rec := profilertest.New(t, "client")
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "test"})
	defer p.Stop()
	err := sondegrpc.UnaryClientInterceptor()(ctx, unaryCall, nil, nil, nil,
		func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return badError{} })
	if err != (badError{}) {
		t.Errorf("the error arrived as %T", err)
	}
	equal(t, "stop", rec.One(t, "grpc_client").Stop, object{
		"etype": "grpc.Unknown", "message": "!PANIC: GRPCStatus", "grpc": object{"code": "Unknown"}})
}

func TestAllocUnary(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	svc := discarding(t)
	server, client := sondegrpc.UnaryServerInterceptor(svc), sondegrpc.UnaryClientInterceptor()
	ctx, bare := incoming(t), context.Background()
	traced := incoming(t, signed(t, svc)...)
	caller, p := svc.Begin(bare, profiler.Opening{Name: "caller"})
	defer p.Stop()
	for _, test := range []struct {
		name string
		max  float64
		f    func()
	}{
		{"server, untraced", 0, func() { _, _ = server(ctx, nil, unaryInfo, answer) }},
		{"client, untraced", 0, func() { _ = client(bare, unaryCall, nil, nil, nil, send) }},
		{"server, traced", 4 + 3, func() { _, _ = server(traced, nil, unaryInfo, answer) }},
		{"client, traced", 7, func() { _ = client(caller, unaryCall, nil, nil, nil, send) }},
	} {
		// The queue does not run meanwhile, so that a traced request takes new
		// memory for its records, in three pieces.
		if n := race.Allocs(500, test.f); n > test.max {
			t.Errorf("%s: %v allocations, want at most %v", test.name, n, test.max)
		}
	}
}
