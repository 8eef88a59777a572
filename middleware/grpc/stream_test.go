package sondegrpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

type (
	request  = pb.StreamingOutputCallRequest
	response = pb.StreamingOutputCallResponse
	bidi     = grpc.BidiStreamingServer[request, response]
)

// echo answers each message until the client sends no more.
func echo(s bidi) error {
	for {
		if _, err := s.Recv(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.Send(&response{}); err != nil {
			return err
		}
	}
}

// withoutTimes checks the times of a stream's stop record and takes them out
// of it, so that the rest can be compared.
func withoutTimes(t *testing.T, p profilertest.Point) object {
	t.Helper()
	info, _ := p.Stop["grpc"].(object)
	whole := float64(p.To-p.From) / 1e6
	for _, way := range []string{"sent", "received"} {
		first, ok := info["first_"+way+"_ms"].(float64)
		last, ok2 := info["last_"+way+"_ms"].(float64)
		n, _ := info[way].(float64)
		if has := n > 0; ok != has || ok2 != has {
			t.Errorf("%v messages %s, but %v", n, way, info)
		}
		if first < 0 || first > last || last > whole+0.001 || n == 1 && first != last {
			t.Errorf("%v: not within %v ms", info, whole)
		}
		delete(info, "first_"+way+"_ms")
		delete(info, "last_"+way+"_ms")
	}
	return p.Stop
}

func stream(code, kind string, sent, received int) object {
	return object{"code": code, "stream": kind, "sent": float64(sent), "received": float64(received)}
}

func TestPingPong(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.bidi = func(s bidi) error {
			_, p := profiler.Start(s.Context(), "own")
			defer p.Stop()
			return echo(s)
		}
		s, err := r.FullDuplexCall(r.trace(t))
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if err := s.Send(&request{}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the end may be read again
			if _, err := s.Recv(); err != io.EOF {
				t.Fatal(err)
			}
		}
		client, server := r.atBoth(t)
		want := object{"grpc": stream("OK", "bidi", 4, 4)}
		equal(t, "client", withoutTimes(t, client), want)
		equal(t, "server", withoutTimes(t, server), want)
		equal(t, "start", server.Start, object{"grpc": object{"method": bidiCall, "service": service}})
		if own := r.atServer.One(t, "own"); own.Parent != server.ID {
			t.Error("the handler's context does not carry the point")
		}
	})
}

// A stream that never ends is seen while it runs.
func TestStreamThatRuns(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.bidi = echo
		ctx, cancel := context.WithCancel(r.trace(t))
		defer cancel()
		s, err := r.FullDuplexCall(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&request{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); err != nil {
			t.Fatal(err)
		}
		for _, p := range []profilertest.Point{r.atClient.One(t, "grpc_client"), r.atServer.One(t, "grpc")} {
			if !p.Started || p.Stopped {
				t.Errorf("%s: started %v, stopped %v", p.Name, p.Started, p.Stopped)
			}
		}
	})
}

func TestServerStreaming(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.output = func(s grpc.ServerStreamingServer[response]) error {
			for range 3 {
				if err := s.Send(&response{}); err != nil {
					return err
				}
			}
			return nil
		}
		s, err := r.StreamingOutputCall(r.trace(t), &request{})
		for err == nil {
			_, err = s.Recv()
		}
		if err != io.EOF {
			t.Fatal(err)
		}
		client, server := r.atBoth(t)
		equal(t, "client", withoutTimes(t, client), object{"grpc": stream("OK", "server", 1, 3)})
		equal(t, "server", withoutTimes(t, server), object{"grpc": stream("OK", "server", 3, 1)})
	})
}

func TestClientStreaming(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.input = func(s grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
			for {
				if _, err := s.Recv(); err != nil {
					return s.SendAndClose(&pb.StreamingInputCallResponse{})
				}
			}
		}
		s, err := r.StreamingInputCall(r.trace(t))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := s.Send(&pb.StreamingInputCallRequest{}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.CloseAndRecv(); err != nil {
			t.Fatal(err)
		}
		client, server := r.atBoth(t)
		equal(t, "client", withoutTimes(t, client), object{"grpc": stream("OK", "client", 3, 1)})
		equal(t, "server", withoutTimes(t, server), object{"grpc": stream("OK", "client", 1, 3)})
	})
}

func TestStreamFails(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.bidi = func(s bidi) error {
			_ = s.Send(&response{})
			return status.Error(codes.DataLoss, "disk gone")
		}
		s, err := r.FullDuplexCall(r.trace(t))
		for err == nil {
			_, err = s.Recv()
		}
		if status.Code(err) != codes.DataLoss {
			t.Fatal(err)
		}
		client, server := r.atBoth(t)
		for _, side := range []struct {
			p              profilertest.Point
			sent, received int
		}{{client, 0, 1}, {server, 1, 0}} {
			equal(t, side.p.Name, withoutTimes(t, side.p), object{"etype": "grpc.DataLoss", "message": "disk gone",
				"grpc": stream("DataLoss", "bidi", side.sent, side.received)})
		}
	})
}

// A client may cancel and never look at the stream again.
func TestStreamCancelled(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.bidi = echo
		ctx, cancel := context.WithCancel(r.trace(t))
		defer cancel()
		s, err := r.FullDuplexCall(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&request{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); err != nil {
			t.Fatal(err)
		}
		cancel()
		want := object{"outcome": "cancelled", "grpc": stream("Canceled", "bidi", 1, 1)}
		want["grpc"].(object)["message"] = "context canceled"
		for _, p := range []profilertest.Point{stopped(t, r.atClient, "grpc_client"), stopped(t, r.atServer, "grpc")} {
			equal(t, p.Name, withoutTimes(t, p), want)
		}
		r.atBoth(t)
	})
}

func TestStreamDeadline(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.bidi = echo
		ctx, cancel := r.soon(t)
		defer cancel()
		s, err := r.FullDuplexCall(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); status.Code(err) != codes.DeadlineExceeded {
			t.Fatal(err)
		}
		client, server := r.atBoth(t)
		if client.Stop["outcome"] != "timeout" || client.Stop["etype"] != "grpc.DeadlineExceeded" {
			t.Errorf("client: %v", client.Stop)
		}
		if o := server.Stop["outcome"]; o != "timeout" && o != "cancelled" || server.Stop["etype"] != nil {
			t.Errorf("server: %v", server.Stop)
		}
	})
}

// Closing the connection ends the stream although nobody reads it and its
// context lives on.
func TestConnectionClosed(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.bidi = echo
		if _, err := r.FullDuplexCall(r.trace(t)); err != nil {
			t.Fatal(err)
		}
		_ = r.conn.Close()
		p := stopped(t, r.atClient, "grpc_client")
		equal(t, "client", withoutTimes(t, p), object{"etype": "grpc.Canceled", "message": "grpc: the client connection is closing",
			"grpc": stream("Canceled", "bidi", 0, 0)})
	})
}

// Nobody listens: the stream, or the call, cannot be made.
func TestUnavailable(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		refused := func(context.Context, string) (net.Conn, error) { return nil, errors.New("nobody is there") }
		client := pb.NewTestServiceClient(dial(t, "passthrough:///nobody", append(r.dialOpts, grpc.WithContextDialer(refused))...))
		ctx := r.trace(t)
		if _, err := client.FullDuplexCall(ctx); status.Code(err) != codes.Unavailable {
			t.Fatal(err)
		}
		if _, err := client.UnaryCall(ctx, &pb.SimpleRequest{}); status.Code(err) != codes.Unavailable {
			t.Fatal(err)
		}
		points := r.atClient.Named(t, "grpc_client")
		if len(points) < 2 { // a handler makes one of each attempt
			t.Fatalf("%d points", len(points))
		}
		for _, p := range points {
			if p.Stop["etype"] != "grpc.Unavailable" {
				t.Errorf("%v", p.Stop)
			}
		}
	})
}

func TestStreamPanicPassesOn(t *testing.T) {
	r := newRig(t)
	r.dialOpts = dialInterceptors()
	var caught any
	r.serverOpts = append([]grpc.ServerOption{grpc.ChainStreamInterceptor(
		func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
			defer func() {
				caught = recover()
				err = status.Error(codes.Internal, "recovered")
			}()
			return handler(srv, s)
		})}, serverInterceptors(r.server)...)
	r.do.bidi = func(bidi) error { panic("boom") }
	r.start(t)
	s, err := r.FullDuplexCall(r.trace(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); status.Code(err) != codes.Internal {
		t.Fatal(err)
	}
	_, server := r.atBoth(t)
	if caught != "boom" {
		t.Errorf("the panic's value arrived as %v", caught)
	}
	equal(t, "stop", server.Stop, object{"etype": "panic", "message": "boom"})
}

func TestUntracedStream(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		active := true
		r.do.bidi = func(s bidi) error {
			active = profiler.Active(s.Context())
			return echo(s)
		}
		r.start(t)
		forged := metadata.AppendToOutgoingContext(context.Background(), "x-trace-info", "e30=", "x-trace-hmac", "0123456789012345678901234567890123456789")
		for _, ctx := range []context.Context{context.Background(), forged} {
			s, err := r.FullDuplexCall(ctx)
			if err != nil {
				t.Fatal(err)
			}
			_ = s.CloseSend()
			if _, err := s.Recv(); err != io.EOF || active {
				t.Error(err, active)
			}
			active = true
		}
		r.stop()
		if n := len(r.atServer.Points(t)) + len(r.atClient.Named(t, "grpc_client")); n > 0 {
			t.Errorf("%d points", n)
		}
	})
}

// fakeStream answers as the test says.
type fakeStream struct {
	grpc.ClientStream
	send, recv, header, close error
}

func (f *fakeStream) SendMsg(any) error            { return f.send }
func (f *fakeStream) RecvMsg(any) error            { return f.recv }
func (f *fakeStream) CloseSend() error             { return f.close }
func (f *fakeStream) Header() (metadata.MD, error) { return nil, f.header }

var bidiDesc = &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}

// openFake opens s through the client's hook.
func openFake(ctx context.Context, s *fakeStream) (grpc.ClientStream, error) {
	return sondegrpc.StreamClientInterceptor()(ctx, bidiDesc, nil, bidiCall,
		func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
			return s, nil
		})
}

// tracing begins a trace that ends with the test.
func tracing(t testing.TB) (context.Context, *profilertest.Recorder) {
	svc, rec := profilertest.New(t, "client")
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "test"})
	t.Cleanup(func() {
		p.Stop()
		if n := svc.Stats().Late; n > 0 {
			t.Errorf("a point was ended %d times too often", n)
		}
	})
	return ctx, rec
}

func TestStreamEndsWithAnError(t *testing.T) {
	boom := status.Error(codes.Internal, "boom")
	failed := object{"etype": "grpc.Internal", "message": "boom", "grpc": stream("Internal", "bidi", 0, 0)}
	for _, test := range []struct {
		name   string
		stream fakeStream
		use    func(grpc.ClientStream) error
		ended  bool
	}{
		{"header", fakeStream{header: boom}, func(s grpc.ClientStream) error { _, err := s.Header(); return err }, true},
		{"send", fakeStream{send: boom}, func(s grpc.ClientStream) error { return s.SendMsg(nil) }, true},
		{"receive", fakeStream{recv: boom}, func(s grpc.ClientStream) error { return s.RecvMsg(nil) }, true},
		{"close", fakeStream{close: boom}, func(s grpc.ClientStream) error { return s.CloseSend() }, true},
		{"send after the end", fakeStream{send: io.EOF}, func(s grpc.ClientStream) error { return s.SendMsg(nil) }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, rec := tracing(t)
			s, err := openFake(ctx, &test.stream)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // once ended it stays so
				if err := test.use(s); err != boom && err != io.EOF {
					t.Errorf("the error arrived as %v", err)
				}
			}
			p := rec.One(t, "grpc_client")
			if p.Stopped != test.ended {
				t.Fatalf("stopped: %v", p.Stopped)
			}
			if test.ended {
				equal(t, "stop", p.Stop, failed)
			}
		})
	}
}

func TestStreamerFails(t *testing.T) {
	ctx, rec := tracing(t)
	boom := errors.New("boom")
	s, err := sondegrpc.StreamClientInterceptor()(ctx, bidiDesc, nil, bidiCall,
		func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
			return nil, boom
		})
	if s != nil || err != boom {
		t.Error(s, err)
	}
	equal(t, "stop", rec.One(t, "grpc_client").Stop, object{"etype": "grpc.Unknown", "message": "boom", "grpc": stream("Unknown", "bidi", 0, 0)})
}

func TestStreamerPanics(t *testing.T) {
	ctx, rec := tracing(t)
	ctx, cancel := context.WithCancel(ctx)
	func() {
		defer func() {
			if v := recover(); v != "boom" {
				t.Errorf("the panic's value arrived as %v", v)
			}
		}()
		_, _ = sondegrpc.StreamClientInterceptor()(ctx, bidiDesc, nil, bidiCall,
			func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
				panic("boom")
			})
	}()
	cancel()
	equal(t, "stop", rec.One(t, "grpc_client").Stop, object{"etype": "panic", "message": "boom"})
}

// Open streams cost no goroutine, and their points end with the context though
// nobody touches them again.
func TestAbandonedStreams(t *testing.T) {
	ctx, rec := tracing(t)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	before := runtime.NumGoroutine()
	for range 100 {
		if _, err := openFake(ctx, &fakeStream{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := runtime.NumGoroutine() - before; n >= 100 {
		t.Errorf("%d goroutines for 100 streams", n)
	}
	cancel()
	deadline := time.Now().Add(time.Minute)
	for {
		points := rec.Named(t, "grpc_client")
		if len(points) == 100 && !slices.ContainsFunc(points, func(p profilertest.Point) bool { return p.Stop["outcome"] != "cancelled" }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not all of %d points are cancelled", len(points))
		}
		time.Sleep(time.Millisecond)
	}
}

// One goroutine may send while another receives and a third cancels.
func TestStreamFromManyGoroutines(t *testing.T) {
	eachForm(t, func(t *testing.T, r *rig) {
		r.start(t)
		r.do.bidi = echo
		ctx, cancel := context.WithCancel(r.trace(t))
		defer cancel()
		s, err := r.FullDuplexCall(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			for s.Send(&request{}) == nil {
			}
		}()
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := 0; ; n++ {
				if _, err := s.Recv(); err != nil {
					return
				}
				if n == 50 {
					go cancel()
				}
			}
		}()
		wg.Wait()
		client, _ := r.atBoth(t)
		if info := client.Stop["grpc"].(object); client.Stop["outcome"] != "cancelled" || info["received"].(float64) < 51 {
			t.Errorf("%v", client.Stop)
		}
	})
}

// What grpc retries is one call to an interceptor; a stats handler sees the
// attempts.
func TestRetries(t *testing.T) {
	const retry = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.001s",
		"maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	for _, test := range []struct {
		name  string
		dial  []grpc.DialOption
		codes []string
	}{
		{"interceptors", dialInterceptors(), []string{"OK"}},
		{"handlers", dialHandler(), []string{"Unavailable", "Unavailable", "OK"}},
		{"both", append(dialInterceptors(), dialHandler()...), []string{"OK"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.serverOpts = serverInterceptors(r.server)
			r.dialOpts = append(test.dial, grpc.WithDefaultServiceConfig(retry))
			var tries int
			r.do.unary = func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) {
				if tries++; tries < 3 {
					return nil, status.Error(codes.Unavailable, "not yet")
				}
				return &pb.SimpleResponse{}, nil
			}
			r.start(t)
			if _, err := r.UnaryCall(r.trace(t), &pb.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
			r.stop()
			var got []string
			for _, p := range r.atClient.Named(t, "grpc_client") {
				got = append(got, p.Stop["grpc"].(object)["code"].(string))
			}
			equal(t, "codes at the client", got, test.codes)
			if n := len(r.atServer.Named(t, "grpc")); n != 3 {
				t.Errorf("%d points at the server, want 3", n)
			}
		})
	}
}

// Only a stats handler sees the call of a method that the server does not know.
func TestUnknownMethod(t *testing.T) {
	for _, method := range []string{"/grpc.testing.TestService/Nothing", "/no.Service/Nothing"} {
		t.Run(method, func(t *testing.T) {
			r := newRig(t)
			r.serverOpts, r.dialOpts = serverHandler(r.server), dialInterceptors()
			r.start(t)
			err := r.conn.Invoke(r.trace(t), method, &pb.Empty{}, &pb.Empty{})
			if status.Code(err) != codes.Unimplemented {
				t.Fatal(err)
			}
			client, server := r.atBoth(t)
			equal(t, "server", server.Stop, object{"etype": "grpc.Unimplemented", "message": "unknown method", "grpc": object{"code": "Unimplemented"}})
			if client.Stop["etype"] != "grpc.Unimplemented" {
				t.Errorf("client: %v", client.Stop)
			}
		})
	}
}

// Where a server ends a call before it was sent, gRPC tells the handler of no
// error.
func TestHandlerOfCallNotSent(t *testing.T) {
	for _, test := range []struct {
		begin stats.Begin
		code  string
	}{
		{stats.Begin{}, "Unknown"},
		{stats.Begin{IsClientStream: true}, "Unknown"},
		{stats.Begin{IsServerStream: true}, "Unknown"},
		{stats.Begin{IsClientStream: true, IsServerStream: true}, "OK"},
	} {
		ctx, rec := tracing(t)
		h := sondegrpc.ClientHandler()
		ctx = h.TagRPC(ctx, tagInfo(bidiCall))
		for _, s := range []stats.RPCStats{&test.begin, &stats.End{}} {
			h.HandleRPC(ctx, s)
		}
		if code := rec.One(t, "grpc_client").Stop["grpc"].(object)["code"]; code != test.code {
			t.Errorf("%+v: code %v, want %v", test.begin, code, test.code)
		}
	}
}

func TestAllocStream(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	svc := discarding(t)
	ctx, bare := incoming(t), context.Background()
	ss := &untracedStream{ctx: ctx}
	info := &grpc.StreamServerInfo{FullMethod: bidiCall}
	server, client := sondegrpc.StreamServerInterceptor(svc), sondegrpc.StreamClientInterceptor()
	onServer, onClient := sondegrpc.ServerHandler(svc), sondegrpc.ClientHandler()
	tag, payload := tagInfo(bidiCall), inPayload()
	for name, f := range map[string]func(){
		"server": func() { _ = server(nil, ss, info, func(any, grpc.ServerStream) error { return nil }) },
		"client": func() {
			_, _ = client(bare, bidiDesc, nil, bidiCall, func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
				return nil, nil
			})
		},
		"server's handler": func() { onServer.HandleRPC(onServer.TagRPC(ctx, tag), payload) },
		"client's handler": func() { onClient.HandleRPC(onClient.TagRPC(bare, tag), payload) },
	} {
		if n := race.Allocs(200, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

type untracedStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *untracedStream) Context() context.Context { return s.ctx }
