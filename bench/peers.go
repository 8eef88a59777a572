package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/reporter"
	"go.elastic.co/apm/v2"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Each peer serialises what it records as it would be sent, which is then thrown
// away, as by Sonde's sink; and each is flushed before its time is taken.

// marshal is OpenTelemetry's exporter, behind its own batch processor: spans become
// OTLP protobuf.
type marshal struct{}

func (marshal) Start(context.Context) error { return nil }
func (marshal) Stop(context.Context) error  { return nil }
func (marshal) UploadTraces(_ context.Context, spans []*tracepb.ResourceSpans) error {
	_, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	return err
}

// newOTel is a provider that samples every span, or none.
func newOTel(sample bool) *trace.TracerProvider {
	sampler := trace.ParentBased(trace.NeverSample())
	if sample {
		sampler = trace.AlwaysSample()
	}
	exporter := must(otlptrace.New(context.Background(), marshal{}))
	return trace.NewTracerProvider(trace.WithSampler(sampler), trace.WithBatcher(exporter, trace.WithMaxQueueSize(1<<16)))
}

// inPieces runs o in pieces of no more operations than the peer's queue holds, each of
// which is flushed: it drops the others, which would make it look cheaper.
func inPieces(room int, o op, flush func()) op {
	return func(n int) {
		for ; n > 0; n -= room {
			o(min(n, room))
			flush()
		}
	}
}

// agent answers Datadog's tracer as its agent would, and throws away what it gets.
type agent struct{}

func (agent) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"rate_by_service":{}}`)),
	}, nil
}

// datadog runs o with Datadog's tracer. A process has but one, which is stopped after
// each row, so that its goroutines are counted for no one else.
func datadog(o op) op {
	start := sync.OnceFunc(func() {
		for _, name := range []string{"DD_INSTRUMENTATION_TELEMETRY_ENABLED", "DD_REMOTE_CONFIGURATION_ENABLED", "DD_RUNTIME_METRICS_ENABLED"} {
			check(os.Setenv(name, "false"))
		}
		check(tracer.Start(tracer.WithService("api"), tracer.WithEnv("bench"), tracer.WithHTTPClient(&http.Client{Transport: agent{}}),
			tracer.WithLogStartup(false), tracer.WithStatsComputation(false), tracer.WithLogger(silent{})))
	})
	pieces := inPieces(960, o, tracer.Flush)
	return func(n int) {
		start()
		pieces(n)
	}
}

type silent struct{}

func (silent) Log(string) {}

// stream is Elastic's way to its server, which is where what it sends is compressed.
type stream struct{}

func (stream) SendStream(_ context.Context, r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// newElastic is a tracer that serialises and compresses what it samples.
func newElastic() *apm.Tracer {
	t := must(apm.NewTracerOptions(apm.TracerOptions{ServiceName: "api", Transport: stream{}}))
	t.SetSpanCompressionEnabled(false) // would make one of many that are alike
	return t
}

func elastic(t *apm.Tracer, o op) op {
	return inPieces(256, o, func() { t.Flush(nil) })
}

// zipkins is Zipkin's reporter: a batch is serialised when it is full.
type zipkins struct {
	mu    sync.Mutex
	batch []*model.SpanModel
}

func (z *zipkins) Send(s model.SpanModel) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.batch = append(z.batch, &s); len(z.batch) == 100 {
		must(reporter.JSONSerializer{}.Serialize(z.batch))
		z.batch = nil
	}
}

func (*zipkins) Close() error { return nil }

func newZipkin(sample bool) *zipkin.Tracer {
	sampler := zipkin.NeverSample
	if sample {
		sampler = zipkin.AlwaysSample
	}
	return must(zipkin.NewTracer(&zipkins{}, zipkin.WithSampler(sampler)))
}
