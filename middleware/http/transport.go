package sondehttp

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Transport traces the calls that go through base; nil means
// [http.DefaultTransport].
//
// Each traced call is one point, from the call of RoundTrip until the response's
// body has been read to its end or closed; a redirect is a call of its own. Hosts
// named by allow get signed headers and continue the trace. From a request to any
// other host both headers are removed, wherever they came from and whether or not
// its context carries a trace. A redirect from https to http carries no headers,
// whatever host it leads to. A request without a trace otherwise goes straight to
// base.
//
// The caller's request is not changed, and the request in the response shows no
// signature. Besides Read and Close, the body of a traced response has those of
// Write, CloseWrite, ReadFrom, WriteTo, Seek and a connection's deadlines that
// base's has. A Transport inside another one leaves alone a call that the outer
// one traces.
func Transport(base http.RoundTripper, allow Allow, opts ...TransportOption) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	t := &transport{base: base}
	t.hosts.allow = allow
	for _, opt := range opts {
		opt.ofTransport(&t.options)
	}
	t.rename("http_client", "")
	return t
}

type transport struct {
	base  http.RoundTripper
	hosts hosts
	options
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if ctx := r.Context(); profiler.Carries(ctx) && r.URL != nil {
		switch {
		case profiler.Active(ctx):
			return t.trace(r)
		case !t.excludes(r):
			return t.sign(r)
		}
	}
	if r.Header[header.InfoKey] != nil && r.URL != nil {
		return t.pass(r)
	}
	return t.base.RoundTrip(r)
}

// pass sends a request without a point; if its host is allowed, it keeps the
// headers that it has.
func (t *transport) pass(r *http.Request) (*http.Response, error) {
	if t.hosts.of(r.URL).allows(r) {
		return t.base.RoundTrip(r)
	}
	return t.bare(r)
}

// bare sends a request without a point and without the two headers.
func (t *transport) bare(r *http.Request) (*http.Response, error) {
	inner := withoutTrace(r)
	res, err := t.base.RoundTrip(inner)
	hideSignature(res, inner, r)
	return res, err
}

// sign sends a request without a point and with the headers of its context.
func (t *transport) sign(r *http.Request) (*http.Response, error) {
	inner := new(outgoing).fill(r, r.Context(), t.hosts.of(r.URL))
	res, err := t.base.RoundTrip(inner)
	hideSignature(res, inner, r)
	return res, err
}

// CloseIdleConnections does for base what [http.Client.CloseIdleConnections]
// would do for it.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *transport) trace(r *http.Request) (*http.Response, error) {
	outer := callOf(r.Context())
	if outer == nil && profiler.Calling(r.Context(), "http") {
		return t.sign(r)
	}
	if outer != nil && outer.same(r) {
		return t.pass(r)
	}
	if t.excludes(r) {
		return t.bare(r)
	}
	name, to := t.name, t.hosts.of(r.URL)
	if t.upstream {
		name = r.URL.Scheme
	}
	ctx, p := profiler.Open(r.Context(), profiler.Opening{
		Name: name, Layer: layer.HTTPClient, Encoded: to.describe(r), Call: "http",
	}, slog.String("path", r.URL.EscapedPath()), slog.String("query", profiler.MaskOf(r.Context()).Query(r.URL.RawQuery)))
	t.describe(p, r)
	c := &call{parent: ctx, request: r, point: p}
	ctx = (*callContext)(c)
	if t.phases {
		c.phases = &phases{begun: time.Now()}
		ctx = c.phases.watch(ctx)
	}
	inner := c.sent.fill(r, ctx, to)
	returned := false
	defer func() {
		if !returned {
			v := recover()
			end, panicked := profiler.Unwound(v)
			c.end(end)
			if panicked {
				panic(v)
			}
		}
	}()
	res, err := t.base.RoundTrip(inner)
	returned = true
	hideSignature(res, inner, r)
	c.answered(res, err)
	return res, err
}

// outgoing is memory for the copy of a request that is sent, and for its headers.
type outgoing struct {
	request http.Request
	headers [2]string
}

// fill makes o the copy of r with ctx, and with signed headers if d may be sent them,
// or without any if not.
func (o *outgoing) fill(r *http.Request, ctx context.Context, d destination) *http.Request {
	o.request = *r.WithContext(ctx)
	if r.Header != nil && d.allows(r) {
		o.request.Header = o.withTraceHeaders(ctx, r.Header)
	} else if hasTraceHeader(r.Header) {
		o.request.Header = withoutTraceHeaders(r.Header, 0)
	}
	return &o.request
}

// hideSignature has res show the caller's request in place of inner, which was
// sent, and removes our signature from a clone that a transport below has made.
func hideSignature(res *http.Response, inner, r *http.Request) {
	if res == nil || res.Request == nil {
		return
	}
	switch res.Request {
	case inner:
		res.Request = r
	case r:
	default:
		res.Request = withoutTrace(res.Request)
	}
}

// isTraceHeader recognises the two headers in any spelling, since a header map may
// hold keys that are not canonical.
func isTraceHeader(key string) bool {
	return len(key) == len(header.InfoName) &&
		(strings.EqualFold(key, header.InfoName) || strings.EqualFold(key, header.HMACName))
}

func hasTraceHeader(h http.Header) bool {
	for key := range h {
		if isTraceHeader(key) {
			return true
		}
	}
	return false
}

// withoutTrace is r without the two headers, or r itself if it has none.
func withoutTrace(r *http.Request) *http.Request {
	if !hasTraceHeader(r.Header) {
		return r
	}
	inner := r.WithContext(r.Context())
	inner.Header = withoutTraceHeaders(r.Header, 0)
	return inner
}

// withoutTraceHeaders copies h without the two headers, with room for more others.
func withoutTraceHeaders(h http.Header, more int) http.Header {
	out := make(http.Header, len(h)+more)
	for key, values := range h {
		if !isTraceHeader(key) {
			out[key] = values
		}
	}
	return out
}

// withTraceHeaders copies h with the signed headers of ctx.
func (o *outgoing) withTraceHeaders(ctx context.Context, h http.Header) http.Header {
	out := withoutTraceHeaders(h, 2)
	if signed, ok := profiler.Sign(ctx); ok {
		o.headers = [2]string{signed.Info, signed.HMAC}
		v := &o.headers
		out[header.InfoKey], out[header.HMACKey] = v[0:1:1], v[1:2:2]
		if signed.TraceParent != "" && signed.Replaces(strings.Join(out[traceParentKey], ",")) {
			out[traceParentKey] = []string{signed.TraceParent}
		}
	}
	return out
}

// traceParentKey is how [http.Header] spells traceparent.
var traceParentKey = http.CanonicalHeaderKey(header.TraceParentName)
