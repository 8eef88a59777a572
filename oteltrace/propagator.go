package oteltrace

import (
	"context"
	"net/http"
	"sync/atomic"

	"go.opentelemetry.io/otel/propagation"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// PropagatorOption configures [NewPropagator].
type PropagatorOption func(*propagator)

// InjectEverywhere makes the propagator sign every request that OpenTelemetry
// instrumentation sends from a traced context, whatever host it goes to. Each of
// these hosts gets a valid signature, with which it can have requests traced
// wherever the key is trusted, until the key is changed. By default the propagator
// injects nothing: signing is left to the transport of middleware/http and the
// interceptors of middleware/grpc, which sign only for hosts that are allowed.
func InjectEverywhere() PropagatorOption { return func(p *propagator) { p.everywhere = true } }

// NewPropagator returns a propagator through which servers and consumers
// instrumented with OpenTelemetry (otelhttp, otelgrpc) join the trace of their
// caller, as a part of svc, if the headers are validly signed. Combine it with the
// propagators that the program already has:
//
//	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(
//		propagation.TraceContext{}, oteltrace.NewPropagator(svc)))
//
// The extracted headers stay in the context until a span of kind server or consumer
// is started there with this package's provider. Then [profiler.Service.Receive]
// decides as for every layer, limits included, and the span is the first point.
// Requests without the headers are left alone, and the admission hook of svc is
// not asked about them. The propagator is safe for concurrent use.
func NewPropagator(svc *profiler.Service, opts ...PropagatorOption) propagation.TextMapPropagator {
	p := &propagator{svc: svc}
	for _, opt := range opts {
		opt(p)
	}
	return p
}

type propagator struct {
	svc        *profiler.Service
	everywhere bool
}

// Fields implements [propagation.TextMapPropagator].
func (*propagator) Fields() []string { return []string{header.InfoName, header.HMACName} }

// Inject implements [propagation.TextMapPropagator].
func (p *propagator) Inject(ctx context.Context, c propagation.TextMapCarrier) {
	if p.everywhere {
		profiler.Inject(ctx, c)
	}
}

// Extract implements [propagation.TextMapPropagator].
func (p *propagator) Extract(ctx context.Context, c propagation.TextMapCarrier) context.Context {
	signed := header.Signed{Info: one(c, header.InfoName)}
	if signed.Info == "" {
		return ctx
	}
	signed.HMAC = one(c, header.HMACName)
	extracted.Store(true)
	return &arrived{Context: ctx, svc: p.svc, signed: signed}
}

// one is the value of a header. Several values count as unsigned. OpenTelemetry's
// carrier of HTTP headers has no method for them in older releases.
func one(c propagation.TextMapCarrier, name string) string {
	var values []string
	switch c := c.(type) {
	case propagation.HeaderCarrier:
		values = http.Header(c).Values(name)
	case interface{ Values(string) []string }:
		values = c.Values(name)
	default:
		return c.Get(name)
	}
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return ","
}

// extracted is set once a request with the headers has arrived: until then spans
// do not look for any.
var extracted atomic.Bool

// arrived is the context of a request with the headers, and their carrier.
type arrived struct {
	context.Context
	svc    *profiler.Service
	signed header.Signed
	taken  atomic.Bool // by the span of the request
}

type arrivedKey struct{}

// Value implements [context.Context].
func (a *arrived) Value(key any) any {
	if _, ok := key.(arrivedKey); ok {
		return a
	}
	return a.Context.Value(key)
}

// Get implements [header.Carrier].
func (a *arrived) Get(name string) string {
	switch name {
	case header.HMACName:
		return a.signed.HMAC
	case header.TraceParentName:
		return ActiveSpan(a.Context).String()
	}
	return a.signed.Info
}

// Set implements [header.Carrier]; nothing is written to an incoming request.
func (a *arrived) Set(string, string) {}

// arrivalIn is the request whose context ctx is, or nil.
func arrivalIn(ctx context.Context) *arrived {
	if !extracted.Load() {
		return nil
	}
	a, _ := ctx.Value(arrivedKey{}).(*arrived)
	return a
}

// take reports whether a is a request whose span has not been started yet. Only the
// first call does.
func (a *arrived) take() bool { return a != nil && !a.taken.Swap(true) }
