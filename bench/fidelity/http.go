package main

import (
	"context"
	"errors"
	"net/http"
	"os"

	ddhttp "github.com/DataDog/dd-trace-go/contrib/net/http/v2"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/mocktracer"
	"github.com/felixge/httpsnoop"
	"github.com/openzipkin/zipkin-go"
	zipkinhttp "github.com/openzipkin/zipkin-go/middleware/http"
	"github.com/openzipkin/zipkin-go/reporter"
	"go.elastic.co/apm/module/apmhttp/v2"
	"go.elastic.co/apm/v2"
	"go.elastic.co/apm/v2/transport"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/sonde-go/sonde/header"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/middleware/http/wrapcheck"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

func handlerSuite() suite {
	st := suite{
		title: "net/http handlers",
		doc:   "`bare` is the handler without a wrapper.",
	}
	for _, c := range wrapcheck.HandlerChecks() {
		st.checks = append(st.checks, c.Name+": "+c.Doc)
	}
	add := func(name, module, how string, prepare func(*http.Request), wrap func(http.Handler) http.Handler) {
		s := wrapcheck.Subject{Name: name, Wrap: wrap, Prepare: prepare}
		st.subjects = append(st.subjects, subject{name, module, how, func(i int) verdict {
			return failed(errors.Join(wrapcheck.HandlerChecks()[i].Run(s).Errs...))
		}})
	}
	svc := newService()
	mine := func(h http.Handler) http.Handler { return sondehttp.Handler(svc, h) }
	provider := trace.NewTracerProvider()
	zipkins := must(zipkin.NewTracer(reporter.NewNoopReporter()))
	elastic := newElastic()
	mocktracer.Start() // for transports too
	add("bare", "", "", nil, func(h http.Handler) http.Handler { return h })
	add("Sonde, untraced", "", "`sondehttp.Handler`", nil, mine)
	add("Sonde, traced", "", "`sondehttp.Handler`, each request signed", sign, mine)
	add("otelhttp", "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "`NewHandler`", nil, func(h http.Handler) http.Handler {
		return otelhttp.NewHandler(h, "check", otelhttp.WithTracerProvider(provider))
	})
	add("zipkin-go", "github.com/openzipkin/zipkin-go", "`NewServerMiddleware`", nil, zipkinhttp.NewServerMiddleware(zipkins))
	add("apmhttp", "go.elastic.co/apm/module/apmhttp/v2", "`Wrap`, which by default catches panics", nil, func(h http.Handler) http.Handler {
		return apmhttp.Wrap(h, apmhttp.WithTracer(elastic))
	})
	add("apmhttp, panics passed on", "go.elastic.co/apm/module/apmhttp/v2", "`Wrap` with `WithPanicPropagation`", nil, func(h http.Handler) http.Handler {
		return apmhttp.Wrap(h, apmhttp.WithTracer(elastic), apmhttp.WithPanicPropagation())
	})
	add("dd-trace-go", "github.com/DataDog/dd-trace-go/contrib/net/http/v2", "`WrapHandler`, with the module's mock tracer", nil, func(h http.Handler) http.Handler {
		return ddhttp.WrapHandler(h, "check", "check")
	})
	add("httpsnoop", "github.com/felixge/httpsnoop", "`CaptureMetrics`", nil, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { httpsnoop.CaptureMetrics(h, w, r) })
	})
	return st
}

func transportSuite() suite {
	st := suite{
		title: "net/http transports",
		doc:   "`bare` is net/http's Transport without a wrapper.",
	}
	for _, c := range wrapcheck.TransportChecks() {
		st.checks = append(st.checks, c.Name+": "+c.Doc)
	}
	add := func(name, module, how string, prepare func(*http.Request), wrap func(http.RoundTripper) http.RoundTripper) {
		s := wrapcheck.Subject{Name: name, WrapTransport: wrap, Prepare: prepare}
		st.subjects = append(st.subjects, subject{name, module, how, func(i int) verdict {
			return failed(errors.Join(wrapcheck.TransportChecks()[i].Run(s).Errs...))
		}})
	}
	svc := newService()
	mine := func(rt http.RoundTripper) http.RoundTripper { return sondehttp.Transport(rt, sondehttp.AllowAll()) }
	provider := trace.NewTracerProvider()
	zipkins := must(zipkin.NewTracer(reporter.NewNoopReporter()))
	elastic := newElastic()
	add("bare", "", "", nil, func(rt http.RoundTripper) http.RoundTripper { return rt })
	add("Sonde, untraced", "", "`sondehttp.Transport`", nil, mine)
	add("Sonde, traced", "", "`sondehttp.Transport`, each request in a trace", func(r *http.Request) {
		ctx, p := svc.Begin(r.Context(), profiler.Opening{Name: "caller"})
		p.Stop()
		*r = *r.WithContext(ctx)
	}, mine)
	add("otelhttp", "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "`NewTransport`", nil, func(rt http.RoundTripper) http.RoundTripper {
		return otelhttp.NewTransport(rt, otelhttp.WithTracerProvider(provider))
	})
	add("zipkin-go", "github.com/openzipkin/zipkin-go", "`NewTransport`", nil, func(rt http.RoundTripper) http.RoundTripper {
		return must(zipkinhttp.NewTransport(zipkins, zipkinhttp.RoundTripper(rt)))
	})
	add("apmhttp", "go.elastic.co/apm/module/apmhttp/v2", "`WrapRoundTripper`, each request in a transaction", func(r *http.Request) {
		*r = *r.WithContext(apm.ContextWithTransaction(r.Context(), elastic.StartTransaction("checks", "request")))
	}, func(rt http.RoundTripper) http.RoundTripper { return apmhttp.WrapRoundTripper(rt) })
	add("dd-trace-go", "github.com/DataDog/dd-trace-go/contrib/net/http/v2", "`WrapRoundTripper`, with the module's mock tracer", nil, func(rt http.RoundTripper) http.RoundTripper {
		return ddhttp.WrapRoundTripper(rt)
	})
	return st
}

var keys = must(header.ParseKeys("the key of the checks"))

// sign makes r a request to be traced.
func sign(r *http.Request) {
	signed := keys.Primary().Sign(header.Info{BaseID: header.NewID(), ParentID: header.NewID()})
	info, mac := signed.Info, signed.HMAC
	r.Header.Set(header.InfoName, info)
	r.Header.Set(header.HMACName, mac)
}

// discard is a sink of records.
type discard struct{}

func (discard) Notify(context.Context, []record.Event) error { return nil }

func newService() *profiler.Service {
	return must(profiler.New(profiler.Config{Name: "checks", Keys: keys, Sink: discard{}}))
}

// newElastic is a tracer that records and asks nobody where it runs.
func newElastic() *apm.Tracer {
	check(os.Setenv("ELASTIC_APM_CLOUD_PROVIDER", "none"))
	return must(apm.NewTracerOptions(apm.TracerOptions{ServiceName: "checks", Transport: transport.Discard}))
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
