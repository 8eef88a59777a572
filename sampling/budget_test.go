package sampling

import (
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestGovernor(t *testing.T) {
	var g governor
	var got []uint32
	for _, used := range []float64{0.9, 1.1, 1, 5, 0.9, 0.5, 0.3, 0.3, 0.3, 0.3, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3, 0, 0, 0, 0, 0, 1e300} {
		got = append(got, g.step(used))
	}
	if want := []uint32{0, 1, 1, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 2, maxLevel}; !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestGovernorSettles: under a load that would take many times the budget, the rates
// come to where it fits, and stay there.
func TestGovernorSettles(t *testing.T) {
	for _, load := range []float64{1.01, 1.9, 3, 7, 100, 12345} {
		var g governor
		var last []uint32
		for range 100 {
			last = append(last, g.step(load/float64(uint64(1)<<g.level)))
		}
		end := last[50:]
		if slices.Min(end) != slices.Max(end) || load/float64(uint64(1)<<g.level) > 1 {
			t.Errorf("%v: %v", load, last)
		}
	}
}

func TestUsed(t *testing.T) {
	b := Budget{Records: 1000, CPU: 0.5, RecordCost: time.Millisecond}
	if got := b.used(500, time.Hour); got < 0.5 || got > 1 {
		t.Errorf("used %v", got)
	}
	if got := (&Budget{Records: 1000}).used(2500, time.Hour); got != 2.5 {
		t.Errorf("used %v, want 2.5", got)
	}
	if cost := recordCost(); cost <= 0 || cost > time.Millisecond {
		t.Errorf("a record costs %v", cost)
	}
}

// TestBudget: a Service that makes too many records samples fewer, says so in its
// records, and its Sampler ends with it.
func TestBudget(t *testing.T) {
	s := newSampler(t, Config{Rules: []Rule{{Rate: 1}}, Budget: Budget{Records: 10}})
	svc, rec := profilertest.New(t, "svc", func(c *profiler.Config) { c.Sampler = s })
	deadline := time.Now().Add(time.Minute)
	for s.Stats().Budget == 1 && time.Now().Before(deadline) {
		in := svc.Receive(t.Context(), cart, profilertest.Headers{})
		_, p := in.Open(t.Context(), profiler.Opening{Name: "early"})
		p.Stop()
		time.Sleep(time.Millisecond) // the load
	}
	if s.Stats().Budget == 1 {
		t.Fatal("the budget does not bind")
	}
	budget := s.Stats().Budget
	for {
		in := svc.Receive(t.Context(), cart, profilertest.Headers{})
		if !in.Traced() {
			continue
		}
		_, p := in.Open(t.Context(), profiler.Opening{Name: "late"})
		p.Stop()
		break
	}
	late := rec.One(t, "late")
	sonde, _ := late.Start["sonde"].(map[string]any)
	told, _ := sonde["sampled"].(map[string]any)
	if told["by"] != "probability" || told["route"] != "GET /cart" || told["budget"] == nil || told["rate"] != told["budget"] {
		t.Errorf("the record says %v, want by probability with a budget of about %v", told, budget)
	}
}

func TestParseBudget(t *testing.T) {
	for text, want := range map[string]Budget{"": {}, "1%": {CPU: 0.01}, "5000/s": {Records: 5000}, "2%, 10/s": {CPU: 0.02, Records: 10}} {
		if got, err := ParseBudget(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"5", "x%", "1%,", "5%/s", "200%", "-1/s", "NaN/s"} {
		if got, err := ParseBudget(text); err == nil {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}
