package main

import (
	"context"
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/mux"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/header"
	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/middleware/http/muxroute"
	sondeamqp "github.com/sonde-go/sonde/rpctrace/amqp"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
	sondejetstream "github.com/sonde-go/sonde/rpctrace/nats/jetstream"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

func (r *rig) rows() []row {
	return []row{r.httpServer(), r.mux(), r.httpClient(), r.grpcServer(), r.grpcClient(), r.sql(), r.sqlx(), r.redis(), r.mongo(), r.sqs(),
		r.nats(), r.jetstream(), r.amqp()}
}

// writer is a ResponseWriter that costs nothing.
type writer struct{ h http.Header }

func (w writer) Header() http.Header         { return w.h }
func (w writer) Write(b []byte) (int, error) { return len(b), nil }
func (w writer) WriteHeader(int)             {}

func (r *rig) httpServer() row {
	inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	otel := func(p trace.TracerProvider) call {
		return r.serve(otelhttp.NewHandler(inner, "cart", otelhttp.WithTracerProvider(p), otelhttp.WithPropagators(r.propagator)))
	}
	return row{"net/http server", r.serve(inner), r.serve(sondehttp.Handler(r.svc, inner)), otel(r.provider), otel(noop.NewTracerProvider())}
}

// serve has a handler serve one request, signed if it is to be traced.
func (r *rig) serve(h http.Handler) call {
	plain := httptest.NewRequest(http.MethodGet, "http://shop.example/cart", nil)
	signed := plain.Clone(context.Background())
	signed.Header.Set(header.InfoName, r.signed.Info)
	signed.Header.Set(header.HMACName, r.signed.HMAC)
	w := writer{http.Header{}}
	return func(traced bool) {
		if traced {
			h.ServeHTTP(w, signed)
		} else {
			h.ServeHTTP(w, plain)
		}
	}
}

// mux has a middleware that does nothing in its bare form, since a router of gorilla/mux
// allocates for any.
func (r *rig) mux() row {
	nothing := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
	}
	router := func(with ...mux.MiddlewareFunc) http.Handler {
		m := mux.NewRouter()
		m.Use(with...)
		m.HandleFunc("/{what}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
		return m
	}
	return row{name: "gorilla/mux server", bare: r.serve(router(nothing)), native: r.serve(sondehttp.Handler(r.svc, router(muxroute.Middleware)))}
}

// answer is a RoundTripper that answers at once.
type answer struct{ res http.Response }

func (a *answer) RoundTrip(*http.Request) (*http.Response, error) {
	res := a.res
	return &res, nil
}

func (r *rig) httpClient() row {
	base := &answer{http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}}}
	plain := must(http.NewRequest(http.MethodGet, "http://shop.example/cart", nil))
	inTrace := plain.WithContext(r.traced)
	send := func(t http.RoundTripper) call {
		return func(traced bool) {
			req := plain
			if traced {
				req = inTrace
			}
			check(must(t.RoundTrip(req)).Body.Close())
		}
	}
	otel := func(p trace.TracerProvider) call {
		return send(otelhttp.NewTransport(base, otelhttp.WithTracerProvider(p), otelhttp.WithPropagators(r.propagator)))
	}
	return row{"net/http client", send(base), send(sondehttp.Transport(base, sondehttp.AllowAll())), otel(r.provider), otel(noop.NewTracerProvider())}
}

// rpc runs a stats handler through the events of one unary call.
func rpc(h stats.Handler, ctx context.Context, client bool) {
	ctx = h.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: "/shop.Stock/Reserve"})
	h.HandleRPC(ctx, &stats.Begin{Client: client})
	h.HandleRPC(ctx, &stats.InPayload{Client: client, Length: 20})
	h.HandleRPC(ctx, &stats.OutPayload{Client: client, Length: 20})
	h.HandleRPC(ctx, &stats.End{Client: client})
}

// ignore is a stats handler that does nothing.
type ignore struct{}

func (ignore) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (ignore) HandleRPC(context.Context, stats.RPCStats)                         {}
func (ignore) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (ignore) HandleConn(context.Context, stats.ConnStats)                       {}

func (r *rig) grpcServer() row {
	plain := metadata.Pairs("user-agent", "grpc-go", "content-type", "application/grpc", ":authority", "stock")
	signed := metadata.Join(plain, metadata.Pairs(header.InfoName, r.signed.Info, header.HMACName, r.signed.HMAC))
	off, on := metadata.NewIncomingContext(context.Background(), plain), metadata.NewIncomingContext(context.Background(), signed)
	serve := func(h stats.Handler) call {
		return func(traced bool) {
			if traced {
				rpc(h, on, false)
			} else {
				rpc(h, off, false)
			}
		}
	}
	otel := func(p trace.TracerProvider) call {
		return serve(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(p), otelgrpc.WithPropagators(r.propagator)))
	}
	return row{"gRPC server", serve(ignore{}), serve(sondegrpc.ServerHandler(r.svc)), otel(r.provider), otel(noop.NewTracerProvider())}
}

func (r *rig) grpcClient() row {
	send := func(h stats.Handler) call {
		return func(traced bool) { rpc(h, r.ctx(traced), true) }
	}
	otel := func(p trace.TracerProvider) call {
		return send(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(p), otelgrpc.WithPropagators(r.propagator)))
	}
	return row{"gRPC client", send(ignore{}), send(sondegrpc.ClientHandler()), otel(r.provider), otel(noop.NewTracerProvider())}
}

func (r *rig) nats() row {
	plain := &nats.Msg{Subject: "orders", Data: []byte("body"), Header: nats.Header{}}
	signed := &nats.Msg{Subject: "orders", Data: []byte("body"), Header: nats.Header{
		header.InfoName: {r.signed.Info}, header.HMACName: {r.signed.HMAC}}}
	return row{name: "NATS, received", bare: func(bool) {}, native: func(traced bool) {
		m := plain
		if traced {
			m = signed
		}
		_, p := sondenats.Process(context.Background(), r.svc, m)
		p.Stop()
	}}
}

// stored is a message of a stream.
type stored struct {
	jetstream.Msg // for the methods that nobody calls
	h             nats.Header
}

func (s *stored) Subject() string      { return "orders" }
func (s *stored) Data() []byte         { return []byte("body") }
func (s *stored) Headers() nats.Header { return s.h }
func (s *stored) Metadata() (*jetstream.MsgMetadata, error) {
	return &jetstream.MsgMetadata{Stream: "ORDERS", Consumer: "shop", NumDelivered: 1}, nil
}

func (r *rig) jetstream() row {
	plain := &stored{h: nats.Header{}}
	signed := &stored{h: nats.Header{header.InfoName: {r.signed.Info}, header.HMACName: {r.signed.HMAC}}}
	return row{name: "JetStream, received", bare: func(bool) {}, native: func(traced bool) {
		m := plain
		if traced {
			m = signed
		}
		_, _, p := sondejetstream.Process(context.Background(), r.svc, m)
		p.Stop()
	}}
}

func (r *rig) amqp() row {
	plain := amqp.Delivery{RoutingKey: "orders", Headers: amqp.Table{}}
	signed := amqp.Delivery{RoutingKey: "orders", Headers: amqp.Table{header.InfoName: r.signed.Info, header.HMACName: r.signed.HMAC}}
	return row{name: "RabbitMQ, received", bare: func(bool) {}, native: func(traced bool) {
		d := &plain
		if traced {
			d = &signed
		}
		_, p := sondeamqp.Process(context.Background(), r.svc, d)
		p.Stop()
	}}
}
