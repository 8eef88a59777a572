package sampling_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
	"github.com/sonde-go/sonde/sampling"
)

// service is a Service that samples by rule, with its records.
func service(t *testing.T, name string, rule sampling.Rule) (*profiler.Service, func(t testing.TB) []profilertest.Point) {
	t.Helper()
	s, err := sampling.New(sampling.Config{Rules: []sampling.Rule{rule}})
	if err != nil {
		t.Fatal(err)
	}
	svc, rec := profilertest.New(t, name, func(c *profiler.Config) { c.Sampler = s })
	return svc, rec.Points
}

// TestServices: a request goes over HTTP to a service that keeps half of all, from
// there over HTTP to one that keeps a tenth, and from there over NATS to one that keeps
// 3 of 10. Each keeps exactly what the ids say, no point is without the one above it,
// and a trace that somebody has asked for is whole.
func TestServices(t *testing.T) {
	front, inFront := service(t, "front", sampling.Rule{Rate: 0.5})
	middle, inMiddle := service(t, "middle", sampling.Rule{Rate: 0.1, JoinOnly: true})
	back, inBack := service(t, "back", sampling.Rule{Rate: 0.3, JoinOnly: true})

	broker, err := nats.Connect(natstest.NATS(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	if _, err := broker.Subscribe("stock", sondenats.Handler(back, func(ctx context.Context, m *nats.Msg) {
		_, p := profiler.Start(ctx, "look")
		p.Stop()
		_ = m.Respond(nil)
	})); err != nil {
		t.Fatal(err)
	}
	middleServer := httptest.NewServer(sondehttp.Handler(middle, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := sondenats.Request(r.Context(), broker, "stock", nil); err != nil {
			t.Error(err)
		}
	})))
	defer middleServer.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: sondehttp.Transport(transport, sondehttp.AllowHosts("127.0.0.1"))}
	get := func(ctx context.Context, url string, h http.Header) {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(req.Header, h)
		res, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	frontServer := httptest.NewServer(sondehttp.Handler(front, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		get(r.Context(), middleServer.URL, nil)
	})))
	defer frontServer.Close()

	keys, _ := header.ParseKeys("key")
	asked := map[header.ID]bool{}
	for i := range 400 {
		h := http.Header{}
		if i%40 == 0 {
			id := header.NewID()
			asked[id] = true
			keys.Primary().Sign(header.Info{BaseID: id}).Write(h)
		}
		get(t.Context(), frontServer.URL, h)
	}

	points := map[header.ID]profilertest.Point{}
	names := map[header.ID]map[string][]string{} // of the points of each trace, by service
	for _, recorded := range []func(testing.TB) []profilertest.Point{inFront, inMiddle, inBack} {
		for _, p := range recorded(t) {
			points[p.ID] = p
			if names[p.Trace] == nil {
				names[p.Trace] = map[string][]string{}
			}
			names[p.Trace][p.Service] = append(names[p.Trace][p.Service], p.Name)
		}
	}
	for _, p := range points {
		if _, ok := points[p.Parent]; !ok && p.Parent != p.Trace {
			t.Errorf("%s of %s in trace %s has no point above it", p.Name, p.Service, p.Trace)
		}
	}
	whole := map[string][]string{"front": {"http", "http_client"}, "middle": {"http", "nats_request"}, "back": {"nats_process", "look"}}
	count := map[string]int{}
	for trace, services := range names {
		sample, drawn := trace.Sampled()
		if drawn == asked[trace] {
			t.Errorf("trace %s: drawn is %v, asked for is %v", trace, drawn, asked[trace])
		}
		for name, rate := range map[string]float64{"front": 0.5, "middle": 0.1, "back": 0.3} {
			got := slices.Sorted(slices.Values(services[name]))
			want := slices.Sorted(slices.Values(whole[name]))
			if drawn && !sample.KeptAt(rate) {
				want = nil
			}
			if !slices.Equal(got, want) {
				t.Errorf("trace %s (asked for: %v): %s has %v, want %v", trace, asked[trace], name, got, want)
			}
			if len(got) > 0 {
				count[name]++
			}
		}
	}
	t.Logf("traces by service: %v, %d of them asked for", count, len(asked))
	if count["front"] != len(names) || count["back"] >= count["front"] || count["middle"] >= count["back"] || count["middle"] <= len(asked) {
		t.Errorf("traces by service: %v of %d", count, len(names))
	}
}
