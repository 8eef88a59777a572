package sondehttp

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestArrivals(t *testing.T) {
	profilertest.Receiver{
		Layer: "http", Kind: layer.Server,
		Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
			for name, value := range h.All() {
				r.Header.Add(name, value)
			}
			Handler(svc, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				inside(r.Context())
			})).ServeHTTP(httptest.NewRecorder(), r)
		},
	}.Test(t)
}

func TestSends(t *testing.T) {
	for name, s := range map[string]profilertest.Sender{"friend": {Keeps: true}, "stranger": {Stranger: true}} {
		allow := AllowHosts("a.example")
		if s.Stranger {
			allow = AllowHosts("b.example")
		}
		s.Send = func(t *testing.T, ctx context.Context, h profilertest.Headers) profilertest.Headers {
			sent := profilertest.Headers{}
			r := httptest.NewRequestWithContext(ctx, "GET", "http://a.example/", nil)
			for name, value := range h.All() {
				r.Header.Add(name, value)
			}
			_, _ = Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
				for name, values := range r.Header {
					if isTraceHeader(name) || name == traceParentKey {
						sent.Set(properName(name), strings.Join(values, ","))
					}
				}
				return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
			}), allow).RoundTrip(r)
			return sent
		}
		t.Run(name, s.Test)
	}
}

// properName is the name of a header of a trace as it is written on the wire.
func properName(key string) string {
	for _, name := range []string{header.HMACName, header.TraceParentName} {
		if strings.EqualFold(key, name) {
			return name
		}
	}
	return header.InfoName
}

// TestBaseContext: a main that has begun a trace of its own, and gives its
// context to the server, does not trace every stranger.
func TestBaseContext(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "main"})
	defer p.Stop()
	outer := Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, q := profiler.Start(r.Context(), "inside")
		q.Stop()
		r.Pattern = "set by a router"
	}))
	var pattern string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		outer.ServeHTTP(w, r)
		pattern = r.Pattern
	}))
	s.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	s.Start()
	defer s.Close()
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := rec.Points(t); len(got) != 1 || pattern != "set by a router" {
		t.Errorf("points %+v, pattern %q", got, pattern)
	}
}
