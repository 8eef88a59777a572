package main

import (
	"context"
	"database/sql"
	"log/slog"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/XSAM/otelsql"
	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/header"
	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
	"github.com/sonde-go/sonde/sqltrace"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// account is what became of records.
type account struct {
	Recorded, Acknowledged, Dropped, Unconfirmed, Waiting uint64
	Stored                                                uint64 // as the sink counts them
}

// plain is the shop without instrumentation.
func plain() tools {
	return tools{
		handler: func(h http.Handler) http.Handler { return h },
		open:    func(dsn string) (*sql.DB, error) { return sql.Open("sqlite", dsn) },
		quote:   func(_ context.Context, _ string, count int64) int64 { return price(count) },
		publish: func(_ context.Context, nc *nats.Conn, subject string, data []byte) error {
			return nc.Publish(subject, data)
		},
		consume: func(f func(context.Context, []byte)) nats.MsgHandler {
			return func(m *nats.Msg) { f(context.Background(), m.Data) }
		},
		account: func() account { return account{} },
		close:   func(context.Context) error { return nil },
	}
}

// key signs the requests of the load.
const key = "the key of the load"

// encoded is Sonde's sink: every record is encoded as it would be stored, counted
// and thrown away. With a fault, one batch in a hundred is refused and one in a
// thousand takes a second.
type encoded struct {
	buf     []byte
	fault   bool
	batches int
	stored  atomic.Uint64
}

type refused struct{}

func (refused) Error() string { return "refused by the load's sink" }
func (refused) Unwrap() error { return record.ErrNotSent }

func (s *encoded) Notify(ctx context.Context, events []record.Event) error {
	if s.batches++; s.fault && s.batches%100 == 0 {
		return refused{}
	}
	if s.fault && s.batches%1000 == 1 {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return refused{}
		}
	}
	s.buf = s.buf[:0]
	for i := range events {
		s.buf = append(events[i].AppendJSON(s.buf), '\n')
	}
	s.stored.Add(uint64(len(events)))
	return nil
}

// sonde is the shop with Sonde.
func sonde(fault bool) tools {
	sink := &encoded{fault: fault}
	svc := must(profiler.New(profiler.Config{
		Name: "shop", Project: "load", Keys: must(header.ParseKeys(key)), Sink: sink, Logger: slog.New(slog.DiscardHandler),
		Limits: profiler.LimitConfig{NewTraces: math.MaxInt, NewTracesPerSecond: math.MaxInt}, // every request may be traced
	}))
	return tools{
		handler: func(h http.Handler) http.Handler { return sondehttp.Handler(svc, h) },
		dial:    []grpc.DialOption{grpc.WithUnaryInterceptor(sondegrpc.UnaryClientInterceptor())},
		serve:   []grpc.ServerOption{grpc.UnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc))},
		open:    func(dsn string) (*sql.DB, error) { return sqltrace.Open("sqlite", dsn) },
		quote: func(ctx context.Context, sku string, count int64) int64 {
			_, p := profiler.Start(ctx, "quote", slog.String("sku", sku), slog.Int64("count", count))
			defer p.Stop()
			return price(count)
		},
		publish: func(ctx context.Context, nc *nats.Conn, subject string, data []byte) error {
			return sondenats.Publish(ctx, nc, subject, data)
		},
		consume: func(f func(context.Context, []byte)) nats.MsgHandler {
			return sondenats.Handler(svc, func(ctx context.Context, m *nats.Msg) { f(ctx, m.Data) })
		},
		account: func() account {
			s := svc.Stats()
			return account{s.Recorded, s.Acknowledged, s.Dropped.Total(), s.Unconfirmed, s.Waiting, sink.stored.Load()}
		},
		close: svc.Close,
	}
}

// marshalled is OpenTelemetry's counterpart of encoded: spans become OTLP protobuf.
type marshalled struct{ stored atomic.Uint64 }

func (*marshalled) Start(context.Context) error { return nil }
func (*marshalled) Stop(context.Context) error  { return nil }
func (m *marshalled) UploadTraces(_ context.Context, spans []*tracepb.ResourceSpans) error {
	for _, r := range spans {
		for _, s := range r.ScopeSpans {
			m.stored.Add(uint64(len(s.Spans)))
		}
	}
	_, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	return err
}

// openTelemetry is the shop with OpenTelemetry. As with Sonde, the request's header
// decides whether it is traced. It has no instrumentation for NATS: spans and
// headers are made as its documentation tells to.
func openTelemetry() tools {
	sink := &marshalled{}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())),
		sdktrace.WithBatcher(must(otlptrace.New(context.Background(), sink)), sdktrace.WithMaxQueueSize(1<<16)))
	tracer, w3c, meter := provider.Tracer("shop"), propagation.TraceContext{}, noop.NewMeterProvider()
	rpc := []otelgrpc.Option{otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(w3c), otelgrpc.WithMeterProvider(meter)}
	return tools{
		handler: func(h http.Handler) http.Handler {
			return otelhttp.NewHandler(h, "order", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(w3c), otelhttp.WithMeterProvider(meter))
		},
		dial:  []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(rpc...))},
		serve: []grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler(rpc...))},
		open: func(dsn string) (*sql.DB, error) {
			return otelsql.Open("sqlite", dsn, otelsql.WithTracerProvider(provider), otelsql.WithMeterProvider(meter))
		},
		quote: func(ctx context.Context, sku string, count int64) int64 {
			_, span := tracer.Start(ctx, "quote", trace.WithAttributes(attribute.String("sku", sku), attribute.Int64("count", count)))
			defer span.End()
			return price(count)
		},
		publish: func(ctx context.Context, nc *nats.Conn, subject string, data []byte) error {
			ctx, span := tracer.Start(ctx, subject, trace.WithSpanKind(trace.SpanKindProducer))
			defer span.End()
			m := &nats.Msg{Subject: subject, Data: data, Header: nats.Header{}}
			w3c.Inject(ctx, propagation.HeaderCarrier(m.Header))
			return nc.PublishMsg(m)
		},
		consume: func(f func(context.Context, []byte)) nats.MsgHandler {
			return func(m *nats.Msg) {
				ctx := w3c.Extract(context.Background(), propagation.HeaderCarrier(m.Header))
				ctx, span := tracer.Start(ctx, m.Subject, trace.WithSpanKind(trace.SpanKindConsumer))
				defer span.End()
				f(ctx, m.Data)
			}
		},
		account: func() account { return account{Stored: sink.stored.Load()} },
		close:   provider.Shutdown,
	}
}
