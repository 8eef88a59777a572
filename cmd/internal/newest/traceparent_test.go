package newest

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/watchdog"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

var traceContext = otelhttp.WithPropagators(propagation.TraceContext{})

// sdk is OpenTelemetry's SDK, and what it has exported.
func sdk(t *testing.T) (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	spans := tracetest.NewInMemoryExporter()
	p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	t.Cleanup(func() { _ = p.Shutdown(context.Background()) })
	return p, spans
}

// firstSpan waits for the span of a server, which may end after its answer has come.
func firstSpan(t *testing.T, spans *tracetest.InMemoryExporter) tracetest.SpanStub {
	t.Helper()
	watchdog.Until(t, "the server's span", func() bool { return len(spans.GetSpans()) > 0 })
	return spans.GetSpans()[0]
}

// bridging is signing with both ways of the bridge to OpenTelemetry.
func bridging(t *testing.T, name string) (*profiler.Service, *profilertest.Recorder) {
	keys, err := header.ParseKeys("a-key-of-this-test")
	if err != nil {
		t.Fatal(err)
	}
	return profilertest.New(t, name, func(c *profiler.Config) {
		c.Keys, c.TraceParent, c.ActiveSpan = keys, true, oteltrace.ActiveSpan
	})
}

// TestOutToTheSDK: a server that knows OpenTelemetry only continues the trace; one
// whose caller has a span of OpenTelemetry's continues that, in whatever order the two
// transports are; strangers are told nothing.
func TestOutToTheSDK(t *testing.T) {
	provider, spans := sdk(t)
	server := httptest.NewServer(otelhttp.NewHandler(http.NotFoundHandler(), "server", otelhttp.WithTracerProvider(provider), traceContext))
	defer server.Close()
	base, allow := server.Client().Transport, sondehttp.AllowHosts(strings.TrimPrefix(server.URL, "http://"))
	theirs, theirSpans := sdk(t)
	otel := func(base http.RoundTripper) http.RoundTripper {
		return otelhttp.NewTransport(base, otelhttp.WithTracerProvider(theirs), traceContext)
	}
	svc, rec := bridging(t, "front")
	for name, c := range map[string]struct {
		transport http.RoundTripper
		parent    string // of the server's span: ours, theirs, none
	}{
		"ours":              {sondehttp.Transport(base, allow), "ours"},
		"otelhttp around":   {otel(sondehttp.Transport(base, allow)), "theirs"},
		"otelhttp within":   {sondehttp.Transport(otel(base), allow), "theirs"},
		"ours to strangers": {sondehttp.Transport(base, sondehttp.AllowHosts("other.example")), "none"},
	} {
		spans.Reset()
		theirSpans.Reset()
		ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		res, err := (&http.Client{Transport: c.transport}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		root.Stop()
		call := onlyChild(t, rec, root.ID())
		want := ""
		switch c.parent {
		case "ours":
			point, trace := call.ID.String(), call.Trace.String()
			want = strings.ReplaceAll(trace, "-", "") + " " + point[19:23] + point[24:]
		case "theirs":
			s := theirSpans.GetSpans()[0].SpanContext
			want = s.TraceID().String() + " " + s.SpanID().String()
		}
		got := firstSpan(t, spans).Parent
		if c.parent == "none" {
			if got.IsValid() {
				t.Errorf("%s: below %v, want a trace of its own", name, got)
			}
			continue
		}
		if text := got.TraceID().String() + " " + got.SpanID().String(); text != want || !got.IsSampled() || !got.IsRemote() {
			t.Errorf("%s: the server's span is below %s (%v), want %s", name, text, got, want)
		}
	}
}

// TestLinkToTheSDK: a signed request that runs in a trace of the SDK's has a link to
// the span around it, or else to its caller's.
func TestLinkToTheSDK(t *testing.T) {
	const caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	provider, spans := sdk(t)
	ownSpan := func() string {
		s := firstSpan(t, spans).SpanContext
		return header.TraceParent{Trace: s.TraceID(), Span: s.SpanID(), Flags: 1}.String()
	}
	callers := func() string { return caller }
	svc, rec := bridging(t, "back")
	plain, plainRec := signing(t, "back")
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	beside := func(svc *profiler.Service) http.Handler {
		return otelhttp.NewHandler(nothing, "server", otelhttp.WithTracerProvider(oteltrace.NewTracerProvider(oteltrace.Beside(provider))),
			otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, oteltrace.NewPropagator(svc))))
	}
	for name, c := range map[string]struct {
		handler http.Handler
		rec     *profilertest.Recorder
		want    func() string
	}{
		"our handler within otelhttp's": {otelhttp.NewHandler(sondehttp.Handler(svc, nothing), "server", otelhttp.WithTracerProvider(provider), traceContext), rec, ownSpan},
		"our handler without the hook":  {otelhttp.NewHandler(sondehttp.Handler(plain, nothing), "server", otelhttp.WithTracerProvider(provider), traceContext), plainRec, callers},
		"our handler alone":             {sondehttp.Handler(svc, nothing), rec, callers},
		"otelhttp bridged":              {beside(svc), rec, ownSpan},
		"bridged without the hook":      {beside(plain), plainRec, callers},
	} {
		spans.Reset()
		keys, _ := header.ParseKeys("a-key-of-this-test")
		in := header.Info{BaseID: header.NewID(), ParentID: header.NewID()}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		keys.Primary().Sign(in).Write(r.Header)
		r.Header.Set(header.TraceParentName, caller)
		c.handler.ServeHTTP(httptest.NewRecorder(), r)
		p := onlyChild(t, c.rec, in.ParentID)
		about, _ := p.Start["sonde"].(map[string]any)
		if got, want := about["traceparent"], c.want(); got != want {
			t.Errorf("%s: the link is %v, want %s", name, got, want)
		}
	}
}

// TestExemplars: those of OpenTelemetry's metrics and Prometheus's name the point.
func TestExemplars(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	defer func() { _ = meters.Shutdown(context.Background()) }()
	svc, _ := bridging(t, "shop")
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
	defer root.Stop()
	bridged, span := oteltrace.NewTracerProvider().Tracer("t").Start(ctx, "span")
	defer span.End()
	for name, c := range map[string]struct{ ctx, of context.Context }{
		"bridged":     {bridged, bridged},
		"native":      {trace.ContextWithSpanContext(ctx, oteltrace.SpanContext(ctx)), ctx},
		"not a trace": {trace.ContextWithSpanContext(t.Context(), oteltrace.SpanContext(t.Context())), t.Context()},
	} {
		h, err := meters.Meter(name).Float64Histogram("latency")
		if err != nil {
			t.Fatal(err)
		}
		h.Record(c.ctx, 0.2)
		want := profiler.TraceParent(c.of)
		var all metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		for _, scope := range all.ScopeMetrics {
			if scope.Scope.Name != name {
				continue
			}
			exemplars := scope.Metrics[0].Data.(metricdata.Histogram[float64]).DataPoints[0].Exemplars
			if want.TraceID() == "" {
				if len(exemplars) != 0 {
					t.Errorf("%s: %+v", name, exemplars)
				}
				continue
			}
			if len(exemplars) != 1 || hex.EncodeToString(exemplars[0].TraceID) != want.TraceID() || hex.EncodeToString(exemplars[0].SpanID) != want.SpanID() {
				t.Errorf("%s: %+v, want %s", name, exemplars, want)
			}
		}
	}

	latency := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "latency_seconds"})
	latency.(prometheus.ExemplarObserver).ObserveWithExemplar(0.2, prometheus.Labels{"trace_id": profiler.TraceParent(ctx).TraceID()})
	var m dto.Metric
	if err := latency.Write(&m); err != nil {
		t.Fatal(err)
	}
	found := ""
	for _, b := range m.Histogram.Bucket {
		for _, l := range b.GetExemplar().GetLabel() {
			found += l.GetName() + "=" + l.GetValue()
		}
	}
	if want := "trace_id=" + strings.ReplaceAll(profiler.BaseID(ctx).String(), "-", ""); found != want {
		t.Errorf("the exemplar is %q, want %q", found, want)
	}
}
