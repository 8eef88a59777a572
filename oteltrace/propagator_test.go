package oteltrace_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/layer"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// signed are the headers of a request below a point of a new trace.
func signed(t *testing.T, key string) (http.Header, header.Info) {
	t.Helper()
	keys, err := header.ParseKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	in := header.Info{BaseID: header.NewID(), ParentID: header.NewID()}
	s := keys.Primary().Sign(in)
	h := http.Header{}
	h.Set(header.InfoName, s.Info)
	h.Set(header.HMACName, s.HMAC)
	return h, in
}

// withKey is a service that trusts the key "secret".
func withKey(t *testing.T) (*profiler.Service, *profilertest.Recorder) {
	t.Helper()
	return profilertest.New(t, "svc", func(c *profiler.Config) {
		keys, err := header.ParseKeys("secret")
		if err != nil {
			t.Fatal(err)
		}
		c.Keys = keys
	})
}

// otelHandler does what otelhttp's handler does.
func otelHandler(p propagation.TextMapPropagator, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := p.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
			attribute.String("http.request.method", r.Method), attribute.String("url.path", r.URL.Path)))
		defer span.End()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// otelTransport does what otelhttp's transport does.
type otelTransport struct {
	propagation.TextMapPropagator
	base http.RoundTripper
}

func (t otelTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, span := tracer.Start(r.Context(), "HTTP GET", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("http.request.method", r.Method)))
	defer span.End()
	r = r.Clone(ctx)
	t.Inject(ctx, propagation.HeaderCarrier(r.Header))
	return t.base.RoundTrip(r)
}

func serve(h http.Handler, headers http.Header) {
	r := httptest.NewRequest(http.MethodGet, "/cart", nil)
	r.Header = headers
	h.ServeHTTP(httptest.NewRecorder(), r)
}

func TestServersJoin(t *testing.T) {
	work := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, p := profiler.Start(r.Context(), "work")
		p.Stop()
	})
	for name, wrap := range map[string]func(*profiler.Service) http.Handler{
		"alone": func(svc *profiler.Service) http.Handler {
			return otelHandler(oteltrace.NewPropagator(svc), work)
		},
		"twice": func(svc *profiler.Service) http.Handler {
			p := oteltrace.NewPropagator(svc)
			return otelHandler(p, otelHandler(p, work))
		},
		"around our own": func(svc *profiler.Service) http.Handler {
			return otelHandler(oteltrace.NewPropagator(svc), sondehttp.Handler(svc, work))
		},
		"within our own": func(svc *profiler.Service) http.Handler {
			return sondehttp.Handler(svc, otelHandler(oteltrace.NewPropagator(svc), work))
		},
		"within our own, without a propagator": func(svc *profiler.Service) http.Handler {
			return sondehttp.Handler(svc, otelHandler(propagation.NewCompositeTextMapPropagator(), work))
		},
	} {
		t.Run(name, func(t *testing.T) {
			svc, rec := withKey(t)
			headers, in := signed(t, "secret")
			serve(wrap(svc), headers)
			points := rec.Points(t)
			if len(points) != 2 {
				t.Fatalf("%d points: %+v", len(points), points)
			}
			p := points[0]
			if p.Trace != in.BaseID || p.Parent != in.ParentID || p.Name != "http" && p.Kind != layer.Server || !p.Stopped {
				t.Errorf("%+v", p)
			}
			if rec.One(t, "work").Parent != p.ID {
				t.Errorf("work is not below it: %+v", points)
			}
		})
	}
}

func TestForgedHeadersDoNotJoin(t *testing.T) {
	svc, rec := withKey(t)
	h := otelHandler(oteltrace.NewPropagator(svc), http.NotFoundHandler())
	forged, _ := signed(t, "another")
	serve(h, forged)
	double, _ := signed(t, "secret")
	double[header.HMACKey] = append(double[header.HMACKey], double[header.HMACKey]...)
	serve(h, double)
	serve(h, http.Header{})
	if points := rec.Points(t); len(points) != 0 {
		t.Errorf("%+v", points)
	}
	if refused := svc.Stats().Refused; refused[header.ErrUnknownKey] != 2 {
		t.Errorf("refused %v", refused)
	}
}

// TestAllocExtractWithoutHeaders: none, and the context stays as it is.
func TestAllocExtractWithoutHeaders(t *testing.T) {
	svc, _ := withKey(t)
	p := oteltrace.NewPropagator(svc)
	carrier := propagation.TextMapCarrier(propagation.HeaderCarrier(http.Header{"Accept": {"*/*"}}))
	ctx := t.Context()
	n := race.Allocs(100, func() {
		if p.Extract(ctx, carrier) != ctx {
			t.Fatal("another context")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestOneCallIsOnePoint in whatever order the two instrumentations are, and
// only the allowed host gets headers, signed with the call as the parent.
func TestOneCallIsOnePoint(t *testing.T) {
	var got header.Info
	var none bool
	svc, rec := withKey(t)
	keys, _ := header.ParseKeys("secret")
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := header.Signed{Info: r.Header.Get(header.InfoName), HMAC: r.Header.Get(header.HMACName)}
		got, _, _ = keys.Verify(s)
		none = s == header.Signed{}
	}))
	defer server.Close()
	base := server.Client().Transport
	p := oteltrace.NewPropagator(svc)
	host := strings.TrimPrefix(server.URL, "http://")
	for name, transport := range map[string]http.RoundTripper{
		"around": otelTransport{p, sondehttp.Transport(base, sondehttp.AllowHosts(host))},
		"within": sondehttp.Transport(otelTransport{p, base}, sondehttp.AllowHosts(host)),
		"nobody": otelTransport{p, sondehttp.Transport(base, sondehttp.AllowHosts("example.com"))},
		"alone":  otelTransport{p, base},
		"all":    otelTransport{oteltrace.NewPropagator(svc, oteltrace.InjectEverywhere()), base},
	} {
		ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root " + name})
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		root.Stop()
		var calls []profilertest.Point
		for _, point := range rec.Points(t) {
			if point.Parent == root.ID() {
				calls = append(calls, point)
			}
			if len(calls) > 0 && point.Parent == calls[0].ID {
				t.Errorf("%s: a second point of the call: %+v", name, point)
			}
		}
		if len(calls) != 1 || !calls[0].Stopped {
			t.Fatalf("%s: %+v", name, calls)
		}
		if unsigned := name == "nobody" || name == "alone"; none != unsigned || !unsigned && got.ParentID != calls[0].ID {
			t.Errorf("%s: signed %+v, none %v; the call is %v", name, got, none, calls[0].ID)
		}
	}
}

// TestEtype: the instrumentation says what the error was if it records none.
func TestEtype(t *testing.T) {
	ctx, rec := traced(t)
	_, s := tracer.Start(ctx, "s", trace.WithAttributes(attribute.String("error.type", "500")))
	s.SetStatus(codes.Error, "went wrong")
	s.End()
	if p := rec.One(t, "s"); p.Stop["etype"] != "500" || p.Stop["message"] != "went wrong" {
		t.Errorf("%+v", p)
	}
	_, s = tracer.Start(ctx, "panics", trace.WithAttributes(attribute.String("error.type", "500")))
	func() {
		defer func() { _ = recover() }()
		defer s.End()
		panic(context.Canceled)
	}()
	if p := rec.One(t, "panics"); p.Stop["etype"] != "panic" {
		t.Errorf("%+v", p)
	}
}
