package sondehttp

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestArrivals(t *testing.T) {
	profilertest.Receiver{
		Layer: "http", Kind: layer.Server,
		Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
			for name, value := range h {
				r.Header.Set(name, value)
			}
			Handler(svc, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				inside(r.Context())
			})).ServeHTTP(httptest.NewRecorder(), r)
		},
	}.Test(t)
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
