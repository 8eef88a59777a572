package sondeconnect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/middleware/connect"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	reserve = "/shop.Inventory/Reserve"
	watch   = "/shop.Inventory/Watch"
)

type (
	request  = connect.Request[emptypb.Empty]
	response = connect.Response[emptypb.Empty]
)

func nothing(context.Context, *request) (*response, error) {
	return connect.NewResponse(&emptypb.Empty{}), nil
}

func TestArrivals(t *testing.T) {
	profilertest.Receiver{
		Layer: "connect", Kind: layer.Server,
		Receive: func(t *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			r := connect.NewRequest(&emptypb.Empty{})
			for name, value := range h.All() {
				r.Header().Add(name, value)
			}
			_, err := sondeconnect.NewServerInterceptor(svc).WrapUnary(func(ctx context.Context, _ connect.AnyRequest) (connect.AnyResponse, error) {
				inside(ctx)
				return nil, nil
			})(ctx, r)
			if err != nil {
				t.Error(err)
			}
		},
	}.Test(t)
}

// seen answers as a server with nothing to say, and keeps the headers of the request.
type seen struct{ h http.Header }

func (s *seen) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	s.h = r.Header
	return &http.Response{
		StatusCode: 200, ProtoMajor: 2, Header: http.Header{"Content-Type": {r.Header.Get("Content-Type")}},
		Body: io.NopCloser(strings.NewReader("")), Request: r,
	}, nil
}

func TestSends(t *testing.T) {
	interceptor := connect.WithInterceptors(sondeconnect.NewClientInterceptor())
	for name, call := range map[string]func(context.Context, connect.HTTPClient, http.Header){
		"unary": func(ctx context.Context, c connect.HTTPClient, h http.Header) {
			r := connect.NewRequest(&emptypb.Empty{})
			maps.Copy(r.Header(), h)
			_, _ = connect.NewClient[emptypb.Empty, emptypb.Empty](c, "http://stock.example"+reserve, interceptor).CallUnary(ctx, r)
		},
		"stream": func(ctx context.Context, c connect.HTTPClient, h http.Header) {
			s := connect.NewClient[emptypb.Empty, emptypb.Empty](c, "http://stock.example"+watch, interceptor).CallClientStream(ctx)
			maps.Copy(s.RequestHeader(), h)
			_ = s.Send(&emptypb.Empty{})
			_, _ = s.CloseAndReceive()
		},
		"stream without a message": func(ctx context.Context, c connect.HTTPClient, h http.Header) {
			s := connect.NewClient[emptypb.Empty, emptypb.Empty](c, "http://stock.example"+watch, interceptor).CallClientStream(ctx)
			maps.Copy(s.RequestHeader(), h)
			_, _ = s.CloseAndReceive()
		},
	} {
		t.Run(name, profilertest.Sender{
			Send: func(_ *testing.T, ctx context.Context, h profilertest.Headers) profilertest.Headers {
				own, server := http.Header{}, &seen{}
				for name, value := range h.All() {
					own.Add(name, value)
				}
				call(ctx, server, own)
				sent := profilertest.Headers{}
				for _, name := range []string{header.InfoName, header.HMACName, header.TraceParentName} {
					if v := server.h.Values(name); len(v) > 0 {
						sent[name] = strings.Join(v, ",")
					}
				}
				return sent
			},
		}.Test)
	}
}

// shop is a server with Connect's handlers below an HTTP middleware, and its points.
func shop(t *testing.T) (url string, points *profilertest.Recorder, client *http.Client) {
	svc, points := profilertest.New(t, "stock")
	traced := connect.WithInterceptors(sondeconnect.NewServerInterceptor(svc))
	mux := http.NewServeMux()
	mux.Handle(reserve, connect.NewUnaryHandler(reserve, func(_ context.Context, r *connect.Request[wrapperspb.StringValue]) (*response, error) {
		if r.Msg.Value == "" {
			return connect.NewResponse(&emptypb.Empty{}), nil
		}
		for code := connect.CodeCanceled; code <= connect.CodeUnauthenticated; code++ {
			if code.String() == r.Msg.Value {
				return nil, connect.NewError(code, errors.New("no"))
			}
		}
		return nil, errors.New("no code")
	}, traced))
	mux.Handle(watch, connect.NewBidiStreamHandler(watch, func(_ context.Context, s *connect.BidiStream[emptypb.Empty, emptypb.Empty]) error {
		for {
			m, err := s.Receive()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if err := errors.Join(s.Send(m), s.Send(m)); err != nil {
				return err
			}
		}
	}, traced))
	server := httptest.NewUnstartedServer(sondehttp.Handler(svc, mux))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, points, server.Client()
}

func group(p profilertest.Point) map[string]any {
	got := map[string]any{}
	for _, info := range []map[string]any{p.Start, p.Stop} {
		group, _ := info["connect"].(map[string]any)
		maps.Copy(got, group)
	}
	return got
}

// TestCodes: a handler's error has the code that connect sends for it.
func TestCodes(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for name, tt := range map[string]struct {
		ctx            context.Context
		err            error
		code           string
		etype, outcome any
	}{
		"plain":           {context.Background(), errors.New("no"), "unknown", "connect.unknown", nil},
		"coded":           {context.Background(), fmt.Errorf("deep: %w", connect.NewError(connect.CodeDataLoss, io.ErrUnexpectedEOF)), "data_loss", "connect.data_loss", nil},
		"client gone":     {gone, gone.Err(), "canceled", nil, "cancelled"},
		"own deadline":    {context.Background(), fmt.Errorf("query: %w", context.DeadlineExceeded), "deadline_exceeded", "connect.deadline_exceeded", "timeout"},
		"client deadline": {gone, context.DeadlineExceeded, "deadline_exceeded", nil, "timeout"},
		"network":         {context.Background(), os.ErrDeadlineExceeded, "deadline_exceeded", "connect.deadline_exceeded", "timeout"},
	} {
		svc, rec := profilertest.New(t, "stock", func(c *profiler.Config) {
			c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool { return true })
		})
		call := sondeconnect.NewServerInterceptor(svc).WrapUnary(func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) { return nil, tt.err })
		if _, err := call(tt.ctx, connect.NewRequest(&emptypb.Empty{})); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", name, err)
		}
		p := rec.One(t, "connect")
		if group(p)["code"] != tt.code || p.Stop["etype"] != tt.etype || p.Stop["outcome"] != tt.outcome {
			t.Errorf("%s: %v", name, p.Stop)
		}
	}
}

func TestUnary(t *testing.T) {
	url, stock, http := shop(t)
	for _, option := range []connect.ClientOption{nil, connect.WithGRPC(), connect.WithGRPCWeb()} {
		options := []connect.ClientOption{connect.WithInterceptors(sondeconnect.NewClientInterceptor())}
		if option != nil {
			options = append(options, option)
		}
		client := connect.NewClient[wrapperspb.StringValue, emptypb.Empty](http, url+reserve, options...)
		for code, fails := range map[string]struct{ client, server bool }{
			"": {}, "not_found": {client: true}, "internal": {true, true},
		} {
			svc, rec := profilertest.New(t, "shop")
			ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
			_, err := client.CallUnary(ctx, connect.NewRequest(wrapperspb.String(code)))
			root.Stop()
			if got := connect.CodeOf(err).String(); err != nil && got != code {
				t.Errorf("%q: %v", code, err)
			}
			want := map[string]any{"procedure": reserve}
			if code != "" {
				want["code"] = code
			}
			watchdog.Until(t, "the server's points", func() bool { return open(t, stock) == 0 })
			out, in := rec.One(t, "connect_client"), last(stock.Named(t, "connect"))
			if got := group(out); !maps.Equal(got, want) || (out.Stop["etype"] != nil) != fails.client {
				t.Errorf("client: %v, want %v; %v", got, want, out.Stop)
			}
			if got := group(in); !maps.Equal(got, want) || (in.Stop["etype"] != nil) != fails.server {
				t.Errorf("server: %v, want %v; %v", got, want, in.Stop)
			}
			if request := last(stock.Named(t, "http")); request.Parent != out.ID || in.Parent != request.ID {
				t.Errorf("%v is not below %v, which is below %v", in, request, out)
			}
		}
	}
}

// open is how many points have not ended.
func open(t *testing.T, r *profilertest.Recorder) (n int) {
	for _, p := range r.Points(t) {
		if !p.Stopped {
			n++
		}
	}
	return n
}

func last(points []profilertest.Point) profilertest.Point { return points[len(points)-1] }

func TestStreams(t *testing.T) {
	url, stock, http := shop(t)
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](http, url+watch, connect.WithInterceptors(sondeconnect.NewClientInterceptor()))
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	s := client.CallBidiStream(ctx)
	if err := errors.Join(s.Send(&emptypb.Empty{}), s.Send(&emptypb.Empty{}), s.CloseRequest()); err != nil {
		t.Fatal(err)
	}
	received := 0
	for {
		if _, err := s.Receive(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		received++
	}
	if err := s.CloseResponse(); err != nil || received != 4 {
		t.Errorf("%d messages: %v", received, err)
	}

	cancelled, cancel := context.WithCancel(ctx)
	c := client.CallBidiStream(cancelled)
	if err := c.Send(&emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := c.Receive(); connect.CodeOf(err) != connect.CodeCanceled {
		t.Error(err)
	}
	root.Stop()
	out := rec.Named(t, "connect_client")
	slices.SortFunc(out, func(a, b profilertest.Point) int { return int(a.From - b.From) })
	if got, want := group(out[0]), map[string]any{"procedure": watch, "sent": 2.0, "received": 4.0}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if len(out) != 2 || out[1].Stop["outcome"] != "cancelled" || out[1].Stop["etype"] != nil {
		t.Errorf("%+v", out)
	}
	watchdog.Until(t, "the server's points", func() bool { return open(t, stock) == 0 })
	in := stock.Named(t, "connect")
	if got, want := group(in[0]), map[string]any{"procedure": watch, "sent": 4.0, "received": 2.0}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	profilertest.PassOn(t, func(fn func()) {
		r := connect.NewRequest(&emptypb.Empty{})
		profiler.Inject(ctx, r.Header())
		_, _ = sondeconnect.NewServerInterceptor(svc).WrapUnary(func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) {
			fn()
			return nil, nil
		})(context.Background(), r)
	})
	rec.Unwound(t, "connect")
}

func TestAllocUntraced(t *testing.T) {
	svc, _ := profilertest.New(t, "stock")
	ctx, r := context.Background(), connect.NewRequest(&emptypb.Empty{})
	next := func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) { return nil, nil }
	serve := sondeconnect.NewServerInterceptor(svc).WrapUnary(next)
	if n := race.Allocs(100, func() { _, _ = serve(ctx, r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
