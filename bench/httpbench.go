package main

import (
	"net/http"
	"net/http/httptest"

	ddhttp "github.com/DataDog/dd-trace-go/contrib/net/http/v2"
	zipkinhttp "github.com/openzipkin/zipkin-go/middleware/http"
	"github.com/sonde-go/sonde/header"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sampling"
	"go.elastic.co/apm/module/apmhttp/v2"
	"go.elastic.co/apm/v2"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric/noop"
)

// writer is a ResponseWriter that costs nothing.
type writer struct{ h http.Header }

func (w *writer) Header() http.Header         { return w.h }
func (w *writer) Write(b []byte) (int, error) { return len(b), nil }
func (w *writer) WriteHeader(int)             {}

var bare = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
})

func serve(h http.Handler, headers ...string) op {
	r := httptest.NewRequest(http.MethodGet, "http://shop.example/checkout?item=3", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := &writer{h: http.Header{}}
	return each(func() { h.ServeHTTP(w, r) })
}

// answer is a RoundTripper that answers at once.
type answer struct{ res http.Response }

func (a *answer) RoundTrip(*http.Request) (*http.Response, error) {
	res := a.res
	return &res, nil
}

func call(t http.RoundTripper, r *http.Request) op {
	return each(func() {
		res, err := t.RoundTrip(r)
		check(err)
		check(res.Body.Close())
	})
}

func httpRows() []row {
	svc := newService()
	mine := sondehttp.Handler(svc, bare)
	info, mac := signed()
	signed := keys.Primary().Sign(header.Info{BaseID: header.NewID()})
	forged := signed.HMAC
	on, off := newOTel(true), newOTel(false)
	quiet := otelhttp.WithMeterProvider(noop.NewMeterProvider())
	otelOn := otelhttp.NewHandler(bare, "checkout", otelhttp.WithTracerProvider(on), quiet)
	otelOff := otelhttp.NewHandler(bare, "checkout", otelhttp.WithTracerProvider(off), quiet)
	apms, zipOn, zipOff := newElastic(), newZipkin(true), newZipkin(false)
	ignore := func(*http.Request) bool { return true }

	base := &answer{http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}}}
	client := sondehttp.Transport(base, sondehttp.AllowHosts("shop.example"))
	out := httptest.NewRequest(http.MethodGet, "http://shop.example/checkout", nil)
	ctx := begun(svc)
	otelClient := func(sample bool) http.RoundTripper {
		p := off
		if sample {
			p = on
		}
		return otelhttp.NewTransport(base, otelhttp.WithTracerProvider(p), quiet)
	}
	drawn := newService(func(c *profiler.Config) {
		c.Sampler = must(sampling.New(sampling.Config{Rules: []sampling.Rule{{Path: "/healthz"}, {Rate: 1e-9}}}))
	})
	return []row{
		{
			name: "HTTP server, no headers", off: true, budget: 15, bare: serve(bare),
			sonde: serve(mine),
			peers: peers{
				otel:       serve(otelOff),
				dd:         datadog(serve(ddhttp.WrapHandler(bare, "api", "checkout", ddhttp.WithIgnoreRequest(ignore)))),
				elasticAPM: serve(apmhttp.Wrap(bare, apmhttp.WithTracer(apms), apmhttp.WithServerRequestIgnorer(ignore))),
				zipkinGo:   serve(zipkinhttp.NewServerMiddleware(zipOff)(bare)),
			},
		},
		{
			name: "HTTP server, no headers, while others are traced", budget: 15, bare: serve(bare),
			sonde: func(n int) { ctx(); serve(mine)(n) },
		},
		{
			name: "HTTP server, not drawn by sampling", budget: 150, bare: serve(bare),
			sonde: serve(sondehttp.Handler(drawn, bare)),
			peers: peers{
				otel:     serve(otelOff),
				zipkinGo: serve(zipkinhttp.NewServerMiddleware(zipOff)(bare)),
			},
		},
		{
			name: "HTTP server, forged signature", off: true, budget: 350, bare: serve(bare),
			sonde: serve(mine, header.InfoName, info, header.HMACName, forged),
		},
		{
			name: "HTTP server, traced", budget: 1300, allocs: 3, bare: serve(bare),
			sonde: flushed(serve(mine, header.InfoName, info, header.HMACName, mac), svc.Flush),
			peers: peers{
				otel:       flushed(serve(otelOn), on.ForceFlush),
				dd:         datadog(serve(ddhttp.WrapHandler(bare, "api", "checkout"))),
				elasticAPM: elastic(apms, serve(apmhttp.Wrap(bare, apmhttp.WithTracer(apms)))),
				zipkinGo:   serve(zipkinhttp.NewServerMiddleware(zipOn)(bare)),
			},
		},
		{
			name: "HTTP client, untraced", off: true, budget: 10, bare: call(base, out),
			sonde: call(client, out),
			peers: peers{otel: call(otelClient(false), out), elasticAPM: call(apmhttp.WrapRoundTripper(base), out)},
		},
		{
			name: "HTTP client, traced", budget: 1900, allocs: 12, bare: call(base, out),
			sonde: flushed(func(n int) { call(client, out.WithContext(ctx()))(n) }, svc.Flush),
			peers: peers{
				otel:       flushed(call(otelClient(true), out), on.ForceFlush),
				dd:         datadog(call(ddhttp.WrapRoundTripper(base), out)),
				elasticAPM: elastic(apms, elasticCalls(apms, apmhttp.WrapRoundTripper(base), out)),
				zipkinGo:   call(must(zipkinhttp.NewTransport(zipOn, zipkinhttp.RoundTripper(base))), out),
			},
		},
	}
}

// elasticCalls makes the calls within transactions, of which Elastic sends no more
// than 500 spans.
func elasticCalls(t *apm.Tracer, rt http.RoundTripper, r *http.Request) op {
	return inTraces(func(points int) {
		tx := t.StartTransaction("root", "request")
		call(rt, r.WithContext(apm.ContextWithTransaction(r.Context(), tx)))(points)
		tx.End()
	})
}
