package sondehttp

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Transport traces the calls that go through base, nil meaning
// [http.DefaultTransport]. Calls whose context carries no profiler go straight
// to base.
//
// Each traced call is one point, from the call of RoundTrip until the
// response's body has been read to its end or closed; a redirect is a call of
// its own. Hosts that allow names get signed headers and go on with the trace;
// from a traced request to any other host both headers are removed, wherever
// they came from. The caller's request is not changed. The body of a traced
// response has those of Write, CloseWrite, ReadFrom, WriteTo, Seek and a
// connection's deadlines that the base's has, and no other methods. A Transport
// inside another one leaves a call alone that the outer one traces.
func Transport(base http.RoundTripper, allow Allow, opts ...TransportOption) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	t := &transport{base: base, allow: allow}
	for _, opt := range opts {
		opt.ofTransport(&t.options)
	}
	t.rename("http_client", "")
	return t
}

type transport struct {
	base  http.RoundTripper
	allow Allow
	options
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !profiler.Active(r.Context()) || r.URL == nil {
		return t.base.RoundTrip(r)
	}
	return t.trace(r)
}

// CloseIdleConnections does for base what [http.Client.CloseIdleConnections]
// would do for it.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *transport) trace(r *http.Request) (*http.Response, error) {
	allowed := t.allow.allows(r.URL)
	if outer := callOf(r.Context()); outer != nil && outer.same(r) {
		if !allowed {
			r = withoutTrace(r)
		}
		return t.base.RoundTrip(r)
	}
	if t.excludes(r) {
		return t.base.RoundTrip(withoutTrace(r))
	}
	c := &call{parent: r.Context(), request: r}
	a := callAttrs(r)
	name := t.name
	if t.upstream {
		name = r.URL.Scheme
	}
	ctx, p := profiler.Open((*callContext)(c), profiler.Opening{Name: name, Layer: layer.HTTPClient}, a[:]...)
	t.describe(p, r)
	c.point, c.begun = p, time.Now()
	if t.phases {
		c.phases = &phases{begun: c.begun}
		ctx = c.phases.watch(ctx)
	}
	inner := r.WithContext(ctx)
	if allowed && r.Header != nil {
		inner.Header = withTraceHeaders(ctx, r.Header)
	} else if hasTraceHeader(r.Header) {
		inner.Header = withoutTraceHeaders(r.Header, 0)
	}
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
	if res != nil && res.Request == inner {
		res.Request = r // as without us, and without our signature
	}
	c.answered(res, err)
	return res, err
}

// callAttrs describes a call as OSProfiler's adapter for Python's requests
// does.
func callAttrs(r *http.Request) [6]slog.Attr {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	port := slog.StringValue("")
	if n, err := strconv.Atoi(portOf(r.URL)); err == nil {
		port = slog.IntValue(n)
	}
	return [6]slog.Attr{
		slog.String("method", method),
		slog.String("query", r.URL.RawQuery),
		slog.String("path", r.URL.EscapedPath()),
		slog.String("hostname", strings.ToLower(r.URL.Hostname())),
		{Key: "port", Value: port},
		slog.String("scheme", r.URL.Scheme),
	}
}

// isTraceHeader knows the two headers in any spelling, since a header map may
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

// withoutTrace is r without the two headers, r itself if it has none.
func withoutTrace(r *http.Request) *http.Request {
	if !hasTraceHeader(r.Header) {
		return r
	}
	inner := r.WithContext(r.Context())
	inner.Header = withoutTraceHeaders(r.Header, 0)
	return inner
}

// withoutTraceHeaders copies h with room for so many more.
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
func withTraceHeaders(ctx context.Context, h http.Header) http.Header {
	out := withoutTraceHeaders(h, 2)
	if signed, ok := profiler.Sign(ctx); ok {
		v := [2]string{signed.Info, signed.HMAC}
		out[header.InfoKey], out[header.HMACKey] = v[0:1:1], v[1:2:2]
	}
	return out
}
