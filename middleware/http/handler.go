package sondehttp

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Handler traces the requests that next serves. Put it outermost, so that it
// sees the answers of routers (404, 405) and of other middleware.
//
// [profiler.Service.Receive] decides whether a request is traced: if it carries
// X-Trace-Info and X-Trace-HMAC, each once and validly signed, or if svc's
// admission hook lets it in without them. Any other request is passed to next
// unchanged, except that one over a limit of [profiler.LimitConfig] loses the two
// headers. A Handler inside another one leaves alone a request that the outer one
// traces.
//
// Panics of next pass on unchanged. The ResponseWriter that next gets has the
// optional methods of the server's, and Unwrap. Whatever next changes in its
// request (Pattern, path values, parsed forms, URL, Body and everything else) is
// changed in the outer request once next has returned. If svc is nil, Handler
// returns next.
func Handler(svc *profiler.Service, next http.Handler, opts ...HandlerOption) http.Handler {
	if svc == nil {
		return next
	}
	h := &handler{svc: svc, next: next}
	for _, opt := range opts {
		opt.ofHandler(&h.options)
	}
	h.rename("http", "wsgi")
	return h
}

// Middleware is [Handler] in the form that routers and middleware chains expect.
func Middleware(svc *profiler.Service, opts ...HandlerOption) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return Handler(svc, next, opts...) }
}

type handler struct {
	svc  *profiler.Service
	next http.Handler
	options
}

// ServeHTTP implements [http.Handler]. It only checks whether the request may be
// traced: this is the path of every untraced request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, ok := r.Header[header.InfoKey]; !ok && h.svc.Idle(r.Context()) {
		h.next.ServeHTTP(w, r)
		return
	}
	h.receive(w, r)
}

// receive is apart from ServeHTTP, whose frame is then a small one.
func (h *handler) receive(w http.ResponseWriter, r *http.Request) {
	in := h.svc.Receive(r.Context(), profiler.Arrival{
		Layer: "http", Kind: layer.Server, Method: r.Method, Path: r.URL.Path, Route: r.Pattern,
	}, (*carrier)(r))
	switch {
	case in.Traced() && !h.excludes(r):
		h.trace(w, r, &in)
	case in.Repeated(): // an outer Handler traces it
		if outer := current(r.Context()); outer != nil {
			defer func() { outer.setRoute(r.Pattern) }()
		}
		h.next.ServeHTTP(w, r)
	default:
		h.pass(w, r, &in)
	}
}

func (h *handler) trace(w http.ResponseWriter, r *http.Request, in *profiler.Incoming) {
	x, xw := newExchange(w, r)
	o := profiler.Opening{Name: h.name, Layer: layer.HTTPServer, Encoded: describeRequest(r.Method, r.TLS != nil)}
	ctx, p := in.Open((*exchangeContext)(x), o,
		slog.String("path", quotePath(r.URL.Path)),
		slog.String("query", h.svc.Mask().Query(r.URL.RawQuery)))
	h.describe(p, r)
	if info, signed := in.Signed(); signed && h.answer != "" {
		w.Header()[h.answer] = []string{info.BaseID.String()}
	}
	x.serve(h.next, xw, r, ctx, p)
}

// pass serves a request that is not traced, hiding any trace in the server's base
// context.
func (h *handler) pass(w http.ResponseWriter, r *http.Request, in *profiler.Incoming) {
	ctx := in.Pass(profiler.WithoutBase(r.Context(), underServer))
	if ctx == r.Context() {
		h.next.ServeHTTP(w, r)
		return
	}
	inner, was := r.WithContext(ctx), *r
	defer handBack(r, inner, &was, ctx)
	h.next.ServeHTTP(w, inner)
}

func underServer(ctx context.Context) bool { return ctx.Value(http.ServerContextKey) != nil }

// carrier is an incoming request, as the profiler sees it.
type carrier http.Request

// Get returns a header's value. Several values count as unsigned, as for a WSGI
// server, which joins them with commas.
func (c *carrier) Get(name string) string {
	key := header.InfoKey
	switch name {
	case header.HMACName:
		key = header.HMACKey
	case header.TraceParentName:
		key = traceParentKey
	}
	switch values := c.Header[key]; len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return ","
}

// Set is not used: nothing is written to an incoming request.
func (c *carrier) Set(name, value string) { c.Header.Set(name, value) }

// Del removes both headers, since neither is of use without the other. The map may
// be shared, so the request gets another one.
func (c *carrier) Del(string) {
	if hasTraceHeader(c.Header) {
		c.Header = withoutTraceHeaders(c.Header, 0)
	}
}

// Peer returns the address that the request came from.
func (c *carrier) Peer() string { return c.RemoteAddr }

// serve runs next inside the point p and ends p, however next ends.
func (x *exchange) serve(next http.Handler, w http.ResponseWriter, r *http.Request, ctx context.Context, p profiler.Point) {
	if r.ContentLength < 0 && r.Trailer == nil {
		r.Trailer = http.Header{} // net/http puts the trailers of a chunked body there; shared, inner has them too
	}
	inner, was := r.WithContext(ctx), *r
	returned := false
	defer func() {
		var v any
		var end profiler.Ending
		var panicked bool
		if !returned {
			v = recover()
			end, panicked = profiler.Unwound(v)
		}
		x.setRoute(inner.Pattern)
		x.end(p, returned, end)
		handBack(r, inner, &was, ctx)
		if panicked {
			panic(v)
		}
	}()
	next.ServeHTTP(w, inner)
	returned = true
}
