package sondehttp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestHandlerRecordsRequest(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, p := profiler.Start(r.Context(), "inside")
		p.Stop()
		_, _ = io.WriteString(w, "hello")
	})
	r := httptest.NewRequest("GET", "/users/%C3%A9%5B?all=1&q=%20&access_token=secret", nil)
	in := sign(t, r.Header, "key")
	w := httptest.NewRecorder()
	Handler(svc, mux).ServeHTTP(w, r)
	if w.Code != 200 || w.Body.String() != "hello" {
		t.Fatalf("%d %q", w.Code, w.Body)
	}
	p := rec.One(t, "http")
	equal(t, "base", p.Trace, in.BaseID)
	equal(t, "parent", p.Parent, in.ParentID)
	equal(t, "start", p.Start, m{"request": m{
		"path": "/users/%C3%A9%5B", "query": "all=1&q=%20&access_token=***", "method": "GET", "scheme": "http"}})
	equal(t, "stop", p.Stop, m{"response": m{
		"status_code": 200.0, "bytes": 5.0, "route": "GET /users/{id}"}})
	equal(t, "child's parent", rec.One(t, "inside").Parent, p.ID)
}

func TestHandlerNames(t *testing.T) {
	for want, opts := range map[string][]HandlerOption{
		"http": nil,
		"wsgi": {WithUpstreamNames()},
		"edge": {WithUpstreamNames(), WithName("edge")},
	} {
		svc, rec := profilertest.New(t, "api")
		Handler(svc, http.NotFoundHandler(), opts...).ServeHTTP(httptest.NewRecorder(), signed(t, "GET", "/"))
		rec.One(t, want)
	}
}

func TestHandlerOutcomes(t *testing.T) {
	failure := errors.New("boom")
	tests := []struct {
		name    string
		handler http.HandlerFunc
		panics  any
		stop    m
	}{
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, nil,
			m{"response": m{"status_code": 200.0, "bytes": 0.0}}},
		{"not found", http.NotFound, nil,
			m{"response": m{"status_code": 404.0, "bytes": 19.0}}},
		{"server error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, nil,
			m{"etype": "sondehttp.StatusError", "message": "503 Service Unavailable", "response": m{"status_code": 503.0, "bytes": 0.0}}},
		{"unknown server error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(599) }, nil,
			m{"etype": "sondehttp.StatusError", "message": "status 599", "response": m{"status_code": 599.0, "bytes": 0.0}}},
		{"panic", func(http.ResponseWriter, *http.Request) { panic(failure) }, failure,
			m{"etype": "panic", "message": "boom", "response": m{"bytes": 0.0}}},
		{"panic after the header", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); panic(7) }, 7,
			m{"etype": "panic", "message": "7", "response": m{"status_code": 201.0, "bytes": 0.0}}},
		{"abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, http.ErrAbortHandler,
			m{"outcome": "aborted", "response": m{"bytes": 0.0}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "api")
			func() {
				defer func() { equal(t, "panic", recover(), test.panics) }()
				Handler(svc, test.handler).ServeHTTP(httptest.NewRecorder(), signed(t, "GET", "/"))
			}()
			equal(t, "stop", rec.One(t, "http").Stop, test.stop)
		})
	}
}

func TestHandlerGoexit(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	r := signed(t, "GET", "/")
	done := make(chan struct{})
	go func() {
		defer close(done)
		Handler(svc, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { goexit() })).ServeHTTP(httptest.NewRecorder(), r)
	}()
	watchdog.Await(t, "the handler's end", done)
	equal(t, "outcome", rec.One(t, "http").Stop["outcome"], "goexit")
}

func TestHandlerContextOver(t *testing.T) {
	for want, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"cancelled": context.WithCancel,
		"timeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadline(ctx, time.Unix(0, 0))
		},
	} {
		svc, rec := profilertest.New(t, "api")
		r := signed(t, "GET", "/")
		ctx, cancel := end(r.Context())
		cancel()
		Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(499)
		})).ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
		equal(t, "stop", rec.One(t, "http").Stop, m{"outcome": want, "response": m{"status_code": 499.0, "bytes": 0.0}})
	}
}

// A request that is not traced must reach the handler as it came.
func TestHandlerUntraced(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	good := http.Header{}
	sign(t, good, "key")
	info, mac := good[header.InfoKey][0], good[header.HMACKey][0]
	forged := http.Header{}
	sign(t, forged, "another key")
	tests := []struct {
		name    string
		header  http.Header
		refusal header.Refusal
		counted bool
	}{
		{"none", http.Header{}, 0, false},
		{"signature only", http.Header{header.HMACKey: {mac}}, 0, false},
		{"info only", http.Header{header.InfoKey: {info}}, header.ErrNoSignature, true},
		{"forged", forged, header.ErrUnknownKey, true},
		{"two infos", http.Header{header.InfoKey: {info, info}, header.HMACKey: {mac}}, header.ErrUnknownKey, true},
		{"two signatures", http.Header{header.InfoKey: {info}, header.HMACKey: {mac, mac}}, header.ErrUnknownKey, true},
		{"no values", http.Header{header.InfoKey: {}, header.HMACKey: {}}, header.ErrNoInfo, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header = test.header
			w := httptest.NewRecorder()
			before := svc.Stats().Refused[test.refusal]
			served := false
			Handler(svc, http.HandlerFunc(func(w2 http.ResponseWriter, r2 *http.Request) {
				served = w2 == http.ResponseWriter(w) && r2 == r
			})).ServeHTTP(w, r)
			if !served {
				t.Error("the handler did not get the very same request and writer")
			}
			if counted := svc.Stats().Refused[test.refusal] > before; counted != test.counted {
				t.Errorf("counted as %v: %v", test.refusal, counted)
			}
		})
	}
	if points := rec.Points(t); len(points) != 0 {
		t.Errorf("recorded %+v", points)
	}
}

func TestHandlerNilService(t *testing.T) {
	next := http.NewServeMux()
	if h := Handler(nil, next); h != http.Handler(next) {
		t.Errorf("%T", h)
	}
}

func TestHandlerAdmits(t *testing.T) {
	var asked []profiler.Arrival
	svc, rec := profilertest.New(t, "api", func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(_ context.Context, r profiler.Arrival) bool {
			asked = append(asked, r)
			return r.Path == "/yes"
		})
	})
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, ok := profiler.Sign(r.Context()); ok != (r.URL.Path == "/yes") {
			t.Errorf("%s traced: %v", r.URL.Path, ok)
		}
	})
	for _, target := range []string{"/yes", "/no"} {
		// Twice wrapped: one point all the same.
		Handler(svc, Handler(svc, next)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", target, nil))
	}
	equal(t, "first question", asked[0], profiler.Arrival{Layer: "http", Kind: layer.Server, Method: "PUT", Path: "/yes"})
	p := rec.One(t, "http")
	equal(t, "parent", p.Parent, p.Trace)
	equal(t, "path", sub(t, p.Start, "request")["path"], "/yes")
}

func TestHandlerTwice(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	copies := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(struct{ http.ResponseWriter }{w}, r.WithContext(context.WithValue(r.Context(), t, t)))
		})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/x", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	Handler(svc, copies(Handler(svc, mux))).ServeHTTP(httptest.NewRecorder(), signed(t, "GET", "/x"))
	equal(t, "stop", rec.One(t, "http").Stop, m{"response": m{"status_code": 204.0, "bytes": 0.0, "route": "/x"}})
}

// A handler that serves another request of the trace, with headers of its own,
// is not a second wrapping of the first one.
func TestHandlerInProcessCall(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	inner := Handler(svc, http.NotFoundHandler(), WithName("inner"))
	outer := Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r2 := r.Clone(r.Context())
		profiler.Inject(r.Context(), r2.Header)
		inner.ServeHTTP(w, r2)
	}), WithName("outer"))
	outer.ServeHTTP(httptest.NewRecorder(), signed(t, "GET", "/"))
	equal(t, "parent", rec.One(t, "inner").Parent, rec.One(t, "outer").ID)
}

func TestRouteBehindCopies(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /items/{id}/{rest...}", func(http.ResponseWriter, *http.Request) {})
	copies := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), t, t)))
		})
	}
	h := Handler(svc, copies(RecordRoute(mux)))
	h.ServeHTTP(httptest.NewRecorder(), signed(t, "POST", "/items/7/a/b"))
	equal(t, "route", sub(t, rec.One(t, "http").Stop, "response")["route"], "POST /items/{id}/{rest...}")
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/items/7/a/b", nil))
	SetRoute(t.Context(), "untraced") // does nothing
}

func TestHandlerLeavesRequestToOuterLayers(t *testing.T) {
	svc, _ := profilertest.New(t, "api")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /items/{id}/{$}", func(_ http.ResponseWriter, r *http.Request) { _ = r.ParseForm() })
	r := httptest.NewRequest("POST", "/items/7/?a=b", strings.NewReader("c=d"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sign(t, r.Header, "key")
	Handler(svc, mux).ServeHTTP(httptest.NewRecorder(), r)
	equal(t, "pattern", r.Pattern, "POST /items/{id}/{$}")
	equal(t, "id", r.PathValue("id"), "7")
	equal(t, "form", r.Form.Encode(), "a=b&c=d")
	equal(t, "post form", r.PostForm.Encode(), "c=d")
	if profiler.Active(r.Context()) {
		t.Error("the outer request's context was changed")
	}
}

func TestQuotePath(t *testing.T) {
	for path, want := range map[string]string{
		"": "", "/": "/", "*": "*",
		"/a b": "/a%20b", "/é": "/%C3%A9", "/%": "/%25", "/a?b#c": "/a%3Fb%23c", "/\x00\xff": "/%00%FF",
		"/AZaz09_.-~!$&'()*+,;=:@": "/AZaz09_.-~!$&'()*+,;=:@", `/"<>[\]^{|}` + "`": "/%22%3C%3E%5B%5C%5D%5E%7B%7C%7D%60",
	} {
		if got := quotePath(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func FuzzQuotePath(f *testing.F) {
	f.Add("/a b/é%\x00")
	f.Fuzz(func(t *testing.T, path string) {
		quoted := quotePath(path)
		if back, err := url.PathUnescape(quoted); back != path || err != nil {
			t.Errorf("%q: %q: %q %v", path, quoted, back, err)
		}
		if strings.ContainsAny(quoted, "\"<>?#[]\\^`{|} \x00") {
			t.Errorf("%q: %q", path, quoted)
		}
	})
}

func TestOptionsOfUsers(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	healthy := func(r *http.Request) bool { return r.URL.Path != "/healthz" }
	tenant := func(r *http.Request) []slog.Attr {
		if r.Header.Get("X-Tenant") == "" {
			panic("no tenant")
		}
		return []slog.Attr{slog.String("tenant", r.Header.Get("X-Tenant"))}
	}
	h := Middleware(svc, WithFilter(healthy), WithAttributes(tenant), WithTraceHeader("x-trace-id"))(http.NotFoundHandler())

	r := signed(t, "GET", "/healthz")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Header().Get("X-Trace-Id") != "" || len(rec.Points(t)) != 0 {
		t.Error("a health check is traced")
	}

	r = signed(t, "GET", "/a")
	r.Header.Set("X-Tenant", "acme")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	p := rec.One(t, "http")
	equal(t, "tenant", p.Stop["tenant"], "acme")
	equal(t, "answer", w.Header()["X-Trace-Id"], []string{p.Trace.String()})

	h.ServeHTTP(httptest.NewRecorder(), signed(t, "GET", "/b"))
	equal(t, "a panic", rec.Named(t, "http")[1].Stop["attributes"], "!PANIC: no tenant")
}

// TestTraceHeaderIsForCallersWithAKey: a request that nobody has signed is not
// told its trace's id.
func TestTraceHeaderIsForCallersWithAKey(t *testing.T) {
	svc, _ := profilertest.New(t, "api", func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool { return true })
	})
	w := httptest.NewRecorder()
	Handler(svc, http.NotFoundHandler(), WithTraceHeader("X-Trace-Id")).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Header().Get("X-Trace-Id"); got != "" {
		t.Errorf("told %q", got)
	}
}
