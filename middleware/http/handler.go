package sondehttp

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Handler traces the requests that next serves. Put it outermost, so that it
// sees the answers of routers (404, 405) and of other middleware.
//
// A request is traced if it carries X-Trace-Info and X-Trace-HMAC, each once
// and validly signed, or if svc's admission hook lets it in without. Any other
// goes to next as it came. A Handler inside another one leaves a request alone
// that the outer one traces.
//
// Panics of next pass on unchanged. The ResponseWriter that next gets has the
// optional methods that the server's has, and Unwrap. Whatever next changes in
// its request (Pattern, path values, parsed forms, URL, Body and all else) is
// changed in the outer request once next is done. With a nil svc Handler
// returns next.
func Handler(svc *profiler.Service, next http.Handler, opts ...Option) http.Handler {
	if svc == nil {
		return next
	}
	return &handler{svc: svc, next: next, name: build(opts, "http", "wsgi").name}
}

type handler struct {
	svc  *profiler.Service
	next http.Handler
	name string
}

// ServeHTTP implements [http.Handler]. It does no more here than to see
// whether the request is to be traced.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if info, ok := r.Header[header.InfoKey]; ok {
		in, key, err := h.svc.Verify(single(info), single(r.Header[header.HMACKey]))
		if err == nil {
			h.join(w, r, in, key)
			return
		}
	}
	if h.svc.Admit(r.Context(), profiler.Request{Layer: "http", Method: r.Method, Path: r.URL.Path}) {
		h.begin(w, r)
		return
	}
	h.next.ServeHTTP(w, r)
}

// single is the only one of a header's values. Several are as good as signed
// by nobody: a WSGI server joins them with commas.
func single(values []string) string {
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return ","
}

// join serves a request whose headers were verified.
func (h *handler) join(w http.ResponseWriter, r *http.Request, in header.Info, key *header.Key) {
	if outer := current(r.Context()); outer != nil && outer.in == in {
		defer func() { outer.setRoute(r.Pattern) }()
		h.next.ServeHTTP(w, r) // an outer Handler traces it
		return
	}
	x, xw := newExchange(w, r)
	x.in = in
	a := requestAttrs(r)
	ctx, p := h.svc.Join((*exchangeContext)(x), in, key, h.opening(), a[:]...)
	x.serve(h.next, xw, r, ctx, p)
}

// begin serves a request that the admission hook lets in.
func (h *handler) begin(w http.ResponseWriter, r *http.Request) {
	if profiler.Active(r.Context()) {
		h.next.ServeHTTP(w, r)
		return
	}
	x, xw := newExchange(w, r)
	a := requestAttrs(r)
	ctx, p := h.svc.Begin((*exchangeContext)(x), h.opening(), a[:]...)
	x.serve(h.next, xw, r, ctx, p)
}

func (h *handler) opening() profiler.Opening {
	return profiler.Opening{Name: h.name, Group: "request"}
}

func requestAttrs(r *http.Request) [4]slog.Attr {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return [4]slog.Attr{
		slog.String("path", quotePath(r.URL.Path)),
		slog.String("query", r.URL.RawQuery),
		slog.String("method", r.Method),
		slog.String("scheme", scheme),
	}
}

// serve runs next inside the point p and ends p, whatever becomes of next.
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
