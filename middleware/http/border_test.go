package sondehttp

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// through sends a signed request through a reverse proxy of svc and returns the
// headers that reach the server behind it.
func through(t *testing.T, svc *profiler.Service, allow Allow, requests int) (sent, got http.Header) {
	t.Helper()
	back := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer back.Close()
	to, err := url.Parse(back.URL)
	if err != nil {
		t.Fatal(err)
	}
	pool := &http.Transport{}
	defer pool.CloseIdleConnections()
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = Transport(pool, allow)
	front := httptest.NewServer(Handler(svc, proxy))
	defer front.Close()
	r, err := http.NewRequest("GET", front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(t, r.Header, "key")
	for range requests {
		res, err := front.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, res)
	}
	return r.Header, got
}

// TestUntracedProxy: a proxy that traces nothing, since it is disabled or has only the
// new key, passes the caller's headers on to whom is allowed and to nobody else.
func TestUntracedProxy(t *testing.T) {
	disabled, err := profiler.New(profiler.Config{Disabled: true})
	if err != nil {
		t.Fatal(err)
	}
	newKey, _ := profilertest.New(t, "edge", func(c *profiler.Config) { c.Keys, _ = header.ParseKeys("the new key") })
	for name, svc := range map[string]*profiler.Service{"disabled": disabled, "none": nil, "new key": newKey} {
		t.Run(name, func(t *testing.T) {
			if _, got := through(t, svc, AllowHosts("elsewhere.example"), 1); hasTraceHeader(got) {
				t.Errorf("a stranger got %v", got)
			}
			if sent, got := through(t, svc, AllowAll(), 1); got.Get(header.InfoName) != sent.Get(header.InfoName) || got.Get(header.HMACName) != sent.Get(header.HMACName) {
				t.Errorf("a friend got %v", got)
			}
		})
	}
}

// TestRefusedIsNotPassedOn: not even to a friend, who would trace it.
func TestRefusedIsNotPassedOn(t *testing.T) {
	svc, _ := profilertest.New(t, "edge", func(c *profiler.Config) { c.Limits = profiler.LimitConfig{Arrivals: 1, ArrivalsPerSecond: 1} })
	for range 100 { // unless a second passes between two requests, the second is refused
		_, got := through(t, svc, AllowAll(), 2)
		if svc.Stats().Refused[header.ErrTooManyArrivals] > 0 {
			if hasTraceHeader(got) {
				t.Errorf("the friend got %v", got)
			}
			return
		}
	}
	t.Error("nothing is refused")
}

// TestReplays: of 20000 requests that repeat one pair of headers, no more are traced
// than the default limits allow.
func TestReplays(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	srv := httptest.NewServer(Handler(svc, noop))
	defer srv.Close()
	r, err := http.NewRequest("GET", srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(t, r.Header, "key")
	const replays = 20_000
	began := time.Now()
	for range replays {
		res, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	most := 1000 + 10*(1+int(time.Since(began)/time.Second))
	traced := len(rec.Named(t, "http"))
	st := svc.Stats()
	if traced < 1000 || traced > most || int(st.Refused[header.ErrTooManyArrivals]) != replays-traced {
		t.Errorf("%d are traced, at most %d may be: %+v", traced, most, st)
	}
	if rec.Named(t, "sonde_refused") == nil {
		t.Error("the trace does not tell of it")
	}
}

// TestRedirectToPlain: a redirect from https to http of an allowed host carries no
// headers, nor does what follows it; one to https does.
func TestRedirectToPlain(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	seen := map[string]bool{}
	var plain, secure *httptest.Server
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen[r.URL.Path] = hasTraceHeader(r.Header)
		switch r.URL.Path {
		case "/first":
			http.Redirect(w, r, secure.URL+"/second", http.StatusFound)
		case "/second":
			http.Redirect(w, r, plain.URL+"/third", http.StatusFound)
		case "/third":
			http.Redirect(w, r, "/fourth", http.StatusFound)
		}
	})
	plain, secure = httptest.NewServer(h), httptest.NewTLSServer(h)
	defer plain.Close()
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	pool := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer pool.CloseIdleConnections()
	ctx, _ := begin(t, svc)
	r, err := http.NewRequestWithContext(ctx, "GET", plain.URL+"/first", nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(t, r.Header, "key") // which net/http copies into each redirect
	for name, ask := range map[string]*http.Request{"traced": r, "untraced": r.WithContext(t.Context())} {
		clear(seen)
		res, err := (&http.Client{Transport: Transport(pool, AllowHosts("127.0.0.1"))}).Do(ask)
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, res)
		equal(t, name+": who saw the headers", seen, map[string]bool{"/first": true, "/second": true, "/third": false, "/fourth": false})
	}
	if n := len(rec.Named(t, "http_client")); n != 4 {
		t.Errorf("%d points, want one for each call of the traced request", n)
	}
}

// TestResponseHasNoSignature: whatever request a transport below says it has sent.
func TestResponseHasNoSignature(t *testing.T) {
	svc, _ := profilertest.New(t, "front")
	ctx, _ := begin(t, svc)
	for name, base := range map[string]func(*http.Request) *http.Request{
		"itself":  func(r *http.Request) *http.Request { return r },
		"a clone": func(r *http.Request) *http.Request { return r.Clone(r.Context()) },
		"a copy":  func(r *http.Request) *http.Request { c := *r; return &c },
		"nothing": func(*http.Request) *http.Request { return nil },
	} {
		r := httptest.NewRequest("GET", "http://a.example/", nil).WithContext(ctx)
		r.Header.Set("X-Other", "kept")
		tr := Transport(roundTripper(func(got *http.Request) (*http.Response, error) {
			if !hasTraceHeader(got.Header) {
				t.Errorf("%s: not signed", name)
			}
			return &http.Response{StatusCode: 200, Body: http.NoBody, Request: base(got)}, nil
		}), AllowAll())
		res, err := tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		switch got := res.Request; {
		case name == "nothing":
			if got != nil {
				t.Errorf("%s: %v", name, got)
			}
		case hasTraceHeader(got.Header) || got.Header.Get("X-Other") != "kept":
			t.Errorf("%s: the response shows a request with %v", name, got.Header)
		case name == "itself" && got != r:
			t.Error("the response shows another request than the caller's")
		}
	}
}

// TestFullTrace: calls and handlers of a trace that has no room for their points work
// as before.
func TestFullTrace(t *testing.T) {
	svc, rec := profilertest.New(t, "api", func(c *profiler.Config) { c.Limits.TracePoints = 1 })
	back := httptest.NewServer(Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") })))
	defer back.Close()
	c := client(t, AllowAll(), WithPhases())
	front := httptest.NewServer(Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, readAll(t, get(t, r.Context(), c, back.URL)))
	})))
	defer front.Close()
	r, err := http.NewRequest("GET", front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(t, r.Header, "key")
	res, err := front.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "answer", readAll(t, res), "served")
	rec.One(t, "http")
	if st := svc.Stats(); len(rec.Named(t, "http_client")) != 0 || st.LeftOut != 1 || st.Refused[header.ErrTraceFull] != 1 {
		t.Errorf("%+v, points %+v", st, rec.Points(t))
	}
}
