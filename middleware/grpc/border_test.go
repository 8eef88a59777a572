package sondegrpc_test

import (
	"context"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// arrived has r's server note in got the metadata of the calls that come in, before
// any hook sees them.
func arrived(r *rig, got *metadata.MD) {
	r.serverOpts = append([]grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			*got, _ = metadata.FromIncomingContext(ctx)
			return handler(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			*got, _ = metadata.FromIncomingContext(s.Context())
			return handler(srv, s)
		}),
	}, r.serverOpts...)
}

func hasHeaders(md metadata.MD) bool { return len(md["x-trace-info"])+len(md["x-trace-hmac"]) > 0 }

// proxied is ctx for a call that takes over the metadata of the one that ctx is of.
func proxied(ctx context.Context) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	return metadata.NewOutgoingContext(ctx, md)
}

// TestProxy: a proxy that copies metadata passes no headers on over a connection
// without a hook, whatever becomes of the call in the proxy itself.
func TestProxy(t *testing.T) {
	disabled, err := profiler.New(profiler.Config{Disabled: true})
	if err != nil {
		t.Fatal(err)
	}
	newKey, _ := profilertest.New(t, "proxy", func(c *profiler.Config) { c.Keys, _ = header.ParseKeys("the new key") })
	tracing, _ := profilertest.New(t, "proxy")
	stranger := newRig(t)
	stranger.do.bidi = echo
	var got metadata.MD
	arrived(stranger, &got)
	stranger.start(t)
	for name, svc := range map[string]*profiler.Service{"disabled": disabled, "none": nil, "new key": newKey, "tracing": tracing} {
		for _, form := range forms {
			t.Run(name+"/"+form.name, func(t *testing.T) {
				proxy := newRig(t)
				proxy.serverOpts = form.server(svc)
				proxy.dialOpts = form.dial()
				proxy.do.unary = func(ctx context.Context, r *pb.SimpleRequest) (*pb.SimpleResponse, error) {
					return stranger.UnaryCall(proxied(ctx), r)
				}
				proxy.do.bidi = func(s grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
					return converse(proxied(s.Context()), stranger)
				}
				proxy.start(t)
				ctx := metadata.AppendToOutgoingContext(proxy.trace(t), "other", "kept")
				for kind, call := range map[string]func() error{
					"unary":  func() error { _, err := proxy.UnaryCall(ctx, &pb.SimpleRequest{}); return err },
					"stream": func() error { return converse(ctx, proxy) },
				} {
					got = nil
					if err := call(); err != nil {
						t.Fatal(err)
					}
					if hasHeaders(got) || len(got["other"]) != 1 {
						t.Errorf("%s: the stranger got %v", kind, got)
					}
				}
			})
		}
	}
}

// converse sends one message over a stream and reads what comes until the end.
func converse(ctx context.Context, r *rig) error {
	s, err := r.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	if err := s.Send(&request{}); err != nil && err != io.EOF { // EOF: Recv says why
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	for err == nil {
		_, err = s.Recv()
	}
	if err != io.EOF {
		return err
	}
	return nil
}

// TestTraceWithoutKey: a traced call that cannot be signed does not go with the
// headers of another trace.
func TestTraceWithoutKey(t *testing.T) {
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			r := newRig(t, func(c *profiler.Config) { c.Keys = nil })
			r.dialOpts = form.dial()
			var got metadata.MD
			arrived(r, &got)
			r.start(t)
			if _, err := r.UnaryCall(metadata.AppendToOutgoingContext(r.trace(t), "x-trace-info", "old", "x-trace-hmac", "old", "other", "kept"), &pb.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
			if hasHeaders(got) || len(got["other"]) != 1 {
				t.Errorf("sent %v", got)
			}
			r.stop()
			stopped(t, r.atClient, "grpc_client")
		})
	}
}

// TestForgedTwice: where several hooks see a call with forged headers, none of them
// asks the admission hook.
func TestForgedTwice(t *testing.T) {
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			asked := 0
			r := newRig(t, func(c *profiler.Config) {
				c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool { asked++; return true })
			})
			r.serverOpts = form.server(r.server)
			r.start(t)
			ctx := metadata.AppendToOutgoingContext(context.Background(), "x-trace-info", "forged", "x-trace-hmac", "forged")
			if _, err := r.UnaryCall(ctx, &pb.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
			r.stop()
			if got := r.atServer.Points(t); asked != 0 || len(got) != 0 {
				t.Errorf("asked %d times, points %+v", asked, got)
			}
		})
	}
}

// TestManyCallsOfOneTrace: a request that makes 5000 calls is traced whole.
func TestManyCallsOfOneTrace(t *testing.T) {
	r := unaryRig(t).start(t)
	ctx := r.trace(t)
	const calls = 5000
	for range calls {
		if _, err := r.UnaryCall(ctx, &pb.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	r.stop()
	client, server := settled(t, r.atClient, "grpc_client", calls), settled(t, r.atServer, "grpc", calls)
	below(t, server, client)
	if st := r.server.Stats(); st.Accepted != calls || len(st.Refused) != 0 || st.LeftOut != 0 {
		t.Errorf("%+v", st)
	}
}

// TestReplays: of 20000 calls that repeat one pair of headers, no more are traced than
// the default limits allow.
func TestReplays(t *testing.T) {
	r := newRig(t)
	r.serverOpts = serverInterceptors(r.server)
	r.start(t)
	ctx := metadata.AppendToOutgoingContext(context.Background(), signed(t, r.client)...)
	const replays = 20_000
	began := time.Now()
	for range replays {
		if _, err := r.UnaryCall(ctx, &pb.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	most := 1000 + 10*(1+int(time.Since(began)/time.Second))
	r.stop()
	traced, st := len(r.atServer.Named(t, "grpc")), r.server.Stats()
	if traced < 1000 || traced > most || int(st.Refused[header.ErrTooManyArrivals]) != replays-traced {
		t.Errorf("%d are traced, at most %d may be: %+v", traced, most, st)
	}
	if r.atServer.Named(t, "sonde_refused") == nil {
		t.Error("the trace does not tell of it")
	}
}

// TestFullTrace: calls of a trace that has no room for their points work as before.
func TestFullTrace(t *testing.T) {
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			r := newRig(t, func(c *profiler.Config) { c.Limits.TracePoints = 1 })
			r.serverOpts, r.dialOpts = form.server(r.server), form.dial()
			r.do.bidi = echo
			// The server's first point fills the trace; the calls that the handler makes
			// have none.
			r.do.unary = func(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
				if in.ResponseSize > 0 {
					if _, err := r.UnaryCall(ctx, &pb.SimpleRequest{}); err != nil {
						t.Error(err)
					}
					if err := converse(ctx, r); err != nil {
						t.Error(err)
					}
				}
				return &pb.SimpleResponse{}, nil
			}
			r.start(t)
			if _, err := r.UnaryCall(r.trace(t), &pb.SimpleRequest{ResponseSize: 1}); err != nil {
				t.Fatal(err)
			}
			r.stop()
			settled(t, r.atServer, "grpc", 1)
			if calls := r.atServer.Named(t, "grpc_client"); len(calls) != 0 {
				t.Errorf("%+v", calls)
			}
			if st := r.server.Stats(); st.LeftOut < 2 || st.Refused[header.ErrTraceFull] != 2 {
				t.Errorf("%+v", st)
			}
		})
	}
}
