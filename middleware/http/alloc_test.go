package sondehttp

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"testing"

	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/record"
)

var noop = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// bareWriter has the optional methods of net/http's HTTP/1 writer.
func bareWriter() http.ResponseWriter {
	_, w := writers[hasFlush|hasHijack|hasReadFrom|hasCloseNotify]()
	return w
}

func requests(t testing.TB) map[string]*http.Request {
	none := httptest.NewRequest("GET", "/users/7?q=1", nil)
	forged := none.Clone(t.Context())
	sign(t, forged.Header, "another key")
	traced := none.Clone(t.Context())
	sign(t, traced.Header, "key")
	return map[string]*http.Request{"none": none, "forged": forged, "traced": traced}
}

func TestAllocHandler(t *testing.T) {
	if race.Enabled {
		t.Skip("under the race detector sync.Pool forgets at random: make test runs this without")
	}
	svc, _ := profilertest.New(t, "api", func(c *profiler.Config) { c.Sink = discard{} })
	h := Handler(svc, noop)
	w := bareWriter()
	for range 200 { // what the queue keeps for reuse
		h.ServeHTTP(w, requests(t)["traced"])
	}
	if err := svc.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	most := map[string]float64{"none": 0, "forged": 0, "traced": 3}
	for name, r := range requests(t) {
		if n := race.Allocs(100, func() { h.ServeHTTP(w, r) }); n > most[name] {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAllocTransport(t *testing.T) {
	res := &http.Response{StatusCode: 200, Body: http.NoBody}
	tr := Transport(roundTripper(func(*http.Request) (*http.Response, error) { return res, nil }), AllowAll())
	r := requests(t)["traced"]
	if n := race.Allocs(1000, func() { _, _ = tr.RoundTrip(r) }); n != 0 {
		t.Errorf("an untraced call: %v allocations", n)
	}
}

// TestAllocTracedTransport: the point, the call with the request that is sent, its header
// map (two), the headers' text, and the wrapper of a body.
func TestAllocTracedTransport(t *testing.T) {
	if race.Enabled {
		t.Skip("under the race detector sync.Pool forgets at random: make test runs this without")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // pools forget at a collection
	svc, _ := profilertest.New(t, "api", func(c *profiler.Config) { c.Sink = discard{} })
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
	defer root.Stop()
	r := httptest.NewRequest("GET", "http://example.com/users/7?q=1", nil).WithContext(ctx)
	for name, test := range map[string]struct {
		body io.ReadCloser
		most float64
	}{
		"no body": {http.NoBody, 5},
		"body":    {io.NopCloser(nil), 6},
	} {
		tr := Transport(roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: test.body}, nil
		}), AllowAll())
		least := math.Inf(1)
		for range 3 { // on a busy machine the queue may not run in between
			least = min(least, race.Allocs(50, func() {
				res, _ := tr.RoundTrip(r)
				_ = res.Body.Close()
			})-1) // the response
			if err := svc.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if least > test.most {
			t.Errorf("%s: %v allocations, want %v", name, least, test.most)
		}
	}
}

func BenchmarkHandler(b *testing.B) {
	svc, _ := profilertest.New(b, "api", func(c *profiler.Config) {
		c.Sink = discard{}
		c.Limits = profiler.LimitConfig{Arrivals: math.MaxInt, TracePoints: math.MaxInt, TraceBytes: math.MaxInt}
	})
	w := bareWriter()
	run := func(name string, h http.Handler, r *http.Request) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				h.ServeHTTP(w, r)
			}
		})
	}
	run("bare", noop, requests(b)["none"])
	h := Handler(svc, noop)
	for name, r := range requests(b) {
		run(name, h, r)
	}
}

func BenchmarkTransport(b *testing.B) {
	svc, _ := profilertest.New(b, "api", func(c *profiler.Config) { c.Sink = discard{} })
	res := &http.Response{StatusCode: 200, Body: http.NoBody}
	base := roundTripper(func(r *http.Request) (*http.Response, error) { return res, nil })
	tr := Transport(base, AllowHosts("example.com"))
	untraced := httptest.NewRequest("GET", "http://example.com/users/7?q=1", nil)
	untraced.Header.Set("User-Agent", "test")
	ctx, p := svc.Begin(b.Context(), profiler.Opening{Name: "bench"})
	defer p.Stop()
	for name, run := range map[string]struct {
		tr http.RoundTripper
		r  *http.Request
	}{
		"bare":     {base, untraced},
		"untraced": {tr, untraced},
		"traced":   {tr, untraced.WithContext(ctx)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				_, _ = run.tr.RoundTrip(run.r)
			}
		})
	}
}

type discard struct{}

func (discard) Notify(context.Context, []record.Event) error { return nil }
