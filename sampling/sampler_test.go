package sampling

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

var cart = profiler.Arrival{Layer: "http", Kind: layer.Server, Method: "GET", Path: "/cart"}

func newSampler(t testing.TB, c Config) *Sampler {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestShare: of a million requests the asked share is kept within 1 %, as many as the
// ids say are behind each, and a service with a lower rate keeps its own share of all.
// The widths are five standard deviations at the least.
func TestShare(t *testing.T) {
	const n = 1_000_000
	rates := []float64{0.2, 1. / 3, 0.5, 1}
	if race.Enabled { // it takes ten times as long
		rates = rates[:1]
	}
	for _, rate := range rates {
		front := newSampler(t, Config{Rules: []Rule{{Rate: rate}}})
		behind := newSampler(t, Config{Rules: []Rule{{Rate: 0.2}}})
		kept, both, stands := 0, 0, 0.0
		for range n {
			v := front.Begin(t.Context(), cart)
			if !v.Trace {
				continue
			}
			kept++
			s, ok := v.ID.Sampled()
			if !ok {
				t.Fatalf("%s does not say that it was drawn", v.ID)
			}
			stands += 1 / s.Rate
			if behind.Join(t.Context(), cart, s).Trace {
				both++
			}
		}
		t.Logf("rate %.4f: kept %d of %d, %d of them at 0.2 too", rate, kept, n, both)
		for what, off := range map[string]float64{
			"the share kept":       float64(kept)/n/rate - 1,
			"what the ids say":     stands/n - 1,
			"the share kept at .2": float64(both)/n/0.2 - 1,
		} {
			if math.Abs(off) > 0.01 {
				t.Errorf("rate %v: %s is off by %.2f %%", rate, what, 100*off)
			}
		}
		if st := front.Stats(); st.Seen != n || st.Kept != uint64(kept) {
			t.Errorf("%+v, want %d of %d", st, kept, n)
		}
	}
}

// TestDownstreamAgree: two services with one rate keep the same traces, and the one
// with the lower rate keeps none that the other does not.
func TestDownstreamAgree(t *testing.T) {
	front := newSampler(t, Config{Rules: []Rule{{Rate: 0.5}}})
	b, c, d := newSampler(t, Config{Rules: []Rule{{Rate: 0.1}}}), newSampler(t, Config{Rules: []Rule{{Rate: 0.1}}}), newSampler(t, Config{Rules: []Rule{{Rate: 0.05}}})
	none, some := newSampler(t, Config{}), 0
	for range 20_000 {
		v := front.Begin(t.Context(), cart)
		if !v.Trace {
			continue
		}
		s, _ := v.ID.Sampled()
		inB, inC, inD := b.Join(t.Context(), cart, s), c.Join(t.Context(), cart, s), d.Join(t.Context(), cart, s)
		if inB != inC || inD.Trace && !inB.Trace {
			t.Fatalf("%s: %v, %v, %v", v.ID, inB, inC, inD)
		}
		if inB.Trace {
			some++
			if want := (profiler.Told{By: "downstream", Rate: 0.1, Route: "GET /cart", Budget: 1}); inB.Told != want {
				t.Fatalf("told %+v, want %+v", inB.Told, want)
			}
		}
		if !none.Join(t.Context(), cart, s).Trace {
			t.Fatal("a service without a rule leaves a trace out")
		}
	}
	if some == 0 || b.Stats().Joined != uint64(some) || b.Stats().Thinned == 0 {
		t.Errorf("%d joined, %+v", some, b.Stats())
	}
}

func TestRules(t *testing.T) {
	s := newSampler(t, Config{Rules: []Rule{
		{Path: "/healthz"}, {Layer: "http", Method: "POST", Rate: 1}, {Path: "/cart/*", Rate: 1}, {Layer: "nats", Rate: 1},
	}})
	for _, c := range []struct {
		a    profiler.Arrival
		want bool
	}{
		{profiler.Arrival{Layer: "http", Method: "GET", Path: "/healthz"}, false},
		{profiler.Arrival{Layer: "http", Method: "POST", Path: "/healthz"}, false},
		{profiler.Arrival{Layer: "http", Method: "POST", Path: "/x"}, true},
		{profiler.Arrival{Layer: "http", Method: "GET", Path: "/x"}, false},
		{profiler.Arrival{Layer: "http", Method: "GET", Path: "/cart/7"}, true},
		{profiler.Arrival{Layer: "http", Method: "GET", Path: "/cart"}, false},
		{profiler.Arrival{Layer: "nats", Path: "orders"}, true},
		{profiler.Arrival{Layer: "grpc", Path: "/shop.Cart/Get"}, false},
	} {
		if got := s.Begin(t.Context(), c.a).Trace; got != c.want {
			t.Errorf("%+v: kept is %v", c.a, got)
		}
	}
}

// TestPerMinute: of each route as many a minute as asked, each of which says how many
// it stands for.
func TestPerMinute(t *testing.T) {
	s := newSampler(t, Config{Rules: []Rule{{PerMinute: 2}}})
	at := time.Unix(1000, 0)
	s.now = func() time.Time { return at }
	kept, stands := map[string]int{}, map[string]float64{}
	arrive := func(a profiler.Arrival) {
		if v := s.Begin(t.Context(), a); v.Trace {
			kept[v.Told.Route]++
			stands[v.Told.Route] += 1 / v.Told.Rate
			if drawn, ok := v.ID.Sampled(); !ok || drawn.Rate < v.Told.Rate || drawn.Rate > 1.001*v.Told.Rate {
				t.Fatalf("%s says %+v, want %v", v.ID, drawn, v.Told.Rate)
			}
		}
	}
	for i := range 601 { // ten minutes and a second
		for j := range 10 {
			arrive(profiler.Arrival{Layer: "http", Method: "GET", Path: fmt.Sprintf("/v2/cart/%d", 10*i+j)})
		}
		arrive(profiler.Arrival{Layer: "http", Method: "GET", Path: "/x", Route: "GET /other/{id}"})
		at = at.Add(time.Second)
	}
	if kept["GET /v2/cart/*"] != 21 || kept["GET /other/{id}"] != 21 || len(kept) != 2 {
		t.Errorf("kept %v", kept)
	}
	if stands["GET /v2/cart/*"] != 6001 || stands["GET /other/{id}"] != 601 {
		t.Errorf("they stand for %v, want 6001 and 601", stands)
	}
	if !s.Join(t.Context(), cart, header.Sample{Rate: 1, Hash: 0}).Trace {
		t.Error("a trace that another service has drawn is left out")
	}
}

// TestHostileRoutes: paths from outside take no more room than is allowed, and rules
// still hold for them.
func TestHostileRoutes(t *testing.T) {
	s := newSampler(t, Config{Rules: []Rule{{PerMinute: 1}}, MaxRoutes: 10})
	at := time.Unix(1000, 0)
	s.now = func() time.Time { return at }
	kept := 0
	for i := range 10_000 {
		path := "/" + strings.Repeat(string(rune('a'+i%26)), i%500)
		if s.Begin(t.Context(), profiler.Arrival{Layer: "http", Method: "GET", Path: path}).Trace {
			kept++
		}
	}
	if n := s.Stats().Routes; n != 11 || kept != 11 {
		t.Errorf("%d routes, %d kept; want 10 and the one for all others", n, kept)
	}
	at = at.Add(2 * idle)
	if v := s.Begin(t.Context(), cart); v.Told.Route != "GET /cart" || s.Stats().Routes != 1 {
		t.Errorf("%+v with %d routes: what nobody asks for any more is in the way", v, s.Stats().Routes)
	}
}

func TestSet(t *testing.T) {
	s := newSampler(t, Config{})
	if s.Begin(t.Context(), cart).Trace {
		t.Fatal("kept without a rule")
	}
	if err := s.SetRules([]Rule{{Rate: 1}}); err != nil || !s.Begin(t.Context(), cart).Trace {
		t.Fatal("the new rule does not hold", err)
	}
	for want, c := range map[string]Config{
		"rate of 2":       {Rules: []Rule{{Rate: 2}}},
		"rate of NaN":     {Rules: []Rule{{Rate: math.NaN()}}},
		"-1 a minute":     {Rules: []Rule{{PerMinute: -1}}},
		"both a rate":     {Rules: []Rule{{PerMinute: 1, Rate: 1}}},
		"only be its end": {Rules: []Rule{{Path: "/*/x"}}},
		"of the CPU":      {Budget: Budget{CPU: 2}},
		"negative":        {Budget: Budget{Records: -1}},
		"MaxRoutes":       {MaxRoutes: -1},
	} {
		if err := s.Set(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
	if s.Stats().Changes != 1 || len(s.Rules()) != 1 {
		t.Error("a Config that is refused changes something")
	}
	var all sync.WaitGroup
	for i := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 200 {
				s.Begin(context.Background(), cart)
				if i == 0 {
					_ = s.SetRules([]Rule{{PerMinute: 1}})
				}
			}
		}()
	}
	all.Wait()
}

func TestMetrics(t *testing.T) {
	s := newSampler(t, Config{Rules: []Rule{{PerMinute: 1}}})
	for range 3 {
		s.Begin(t.Context(), cart)
	}
	var page strings.Builder
	if err := s.WriteMetrics(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{decision="kept"} 1`, `{decision="not_kept"} 2`, "sonde_sampling_budget_ratio 1\n", "sonde_sampling_routes 1\n"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %s in\n%s", want, &page)
		}
	}
}

func TestAllocBegin(t *testing.T) {
	if race.Enabled {
		t.Skip("counts allocations; runs without -race too")
	}
	rate := newSampler(t, Config{Rules: []Rule{{Layer: "nats", Rate: 1}, {Rate: 1e-300}}})
	perMinute := newSampler(t, Config{Rules: []Rule{{PerMinute: 1e-6}}})
	perMinute.Begin(t.Context(), cart)
	for name, s := range map[string]*Sampler{"rate": rate, "per minute": perMinute} {
		if n := race.Allocs(200, func() { s.Begin(context.Background(), cart) }); n >= 1 {
			t.Errorf("%s: %v allocations for a request that is not kept", name, n)
		}
	}
}

func BenchmarkNotKept(b *testing.B) {
	for name, rules := range map[string][]Rule{"rate": {{Rate: 1e-300}}, "perMinute": {{PerMinute: 1e-6}}} {
		b.Run(name, func(b *testing.B) {
			s := newSampler(b, Config{Rules: rules})
			s.Begin(b.Context(), cart)
			b.ReportAllocs()
			for b.Loop() {
				s.Begin(context.Background(), cart)
			}
		})
	}
}
