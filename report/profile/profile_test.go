package profile_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report/profile"
)

// TestPaths: points are put together by what they and all above them did, whatever
// their ids, hosts and literals.
func TestPaths(t *testing.T) {
	p := profile.New()
	for i := range 4 {
		stock := served("stock", "GET", "/stock", query(fmt.Sprint("SELECT n FROM stock WHERE sku = ", i), float64(i+1)))
		p.Add(build(t, i, served("shop", "GET", fmt.Sprint("/cart/", 100+i), get("stock", "/stock", 1, stock.on(fmt.Sprint("h", i))), query("SELECT n FROM stock WHERE sku = 'x'", 2)).own(1)))
	}
	p.Add(build(t, 9, served("shop", "POST", "/order").own(7)))
	var got []string
	for path := range p.All() {
		got = append(got, fmt.Sprintf("%s %s ×%d in %d: %v %v %v ≤ %v", path.Service, path, path.Count, path.Traces, path.Total, path.Self, path.Critical, path.Max))
	}
	want := []string{
		"shop GET /cart/* ×4 in 4: 26ms 4ms 4ms ≤ 8ms",
		"shop GET /cart/* > GET stock/stock ×4 in 4: 14ms 4ms 4ms ≤ 5ms",
		"stock GET /cart/* > GET stock/stock > GET /stock ×4 in 4: 10ms 0s 0s ≤ 4ms",
		"stock GET /cart/* > GET stock/stock > GET /stock > SELECT n FROM stock WHERE sku = ? ×4 in 4: 10ms 10ms 10ms ≤ 4ms",
		"shop GET /cart/* > SELECT n FROM stock WHERE sku = ? ×4 in 4: 8ms 8ms 8ms ≤ 2ms",
		"shop POST /order ×1 in 1: 7ms 7ms 7ms ≤ 7ms",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if kinds := p.Kinds(); len(kinds) != 2 || kinds[0].Title != "GET /cart/*" || p.Traces != 5 || p.Total != 33*time.Millisecond || p.Max() != 8*time.Millisecond {
		t.Errorf("%d traces, %v, %v, %v", p.Traces, p.Total, p.Max(), kinds)
	}
}

// TestTimesAddUp: whatever the traces are, what the paths have of the critical path
// adds up to the traces' time, and shares of the variance to one.
func TestTimesAddUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, of := range populations {
		p := profile.New()
		for i := range 50 {
			p.Add(build(t, i, of.trace(rnd, i%5 == 0)))
		}
		var sum time.Duration
		for path := range p.All() {
			sum += path.Critical
		}
		share := 0.0
		for _, c := range p.Explain(p.Kinds()[0]).Causes {
			share += c.Share
		}
		if sum != p.Total || math.Abs(share-1) > 1e-9 {
			t.Errorf("%s: paths have %v of %v, and %v of the variance", of.name, sum, p.Total, share)
		}
	}
}

// TestQuantiles: they are off by 1/256 at most, and exact of one value and of few
// microseconds.
func TestQuantiles(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, scale := range []float64{0.1, 30, 1e4, 1e7} {
		p := profile.New()
		var all []float64
		for i := range 1000 {
			ms := math.Floor(rnd.ExpFloat64()*scale*1000) / 1000
			all = append(all, ms)
			p.Add(build(t, i, work("x", ms)))
		}
		slices.Sort(all)
		path := p.Kinds()[0]
		for _, q := range []float64{0, 0.01, 0.5, 0.95, 0.999, 1} {
			want := all[max(1, int(math.Ceil(q*1000-1e-9)))-1]
			for _, got := range []time.Duration{path.Quantile(q), p.Quantile(q)} {
				if off := math.Abs(float64(got)/1e6 - want); off > want/256+0.001 {
					t.Errorf("scale %v: %v is %v and not %v", scale, q, got, want)
				}
			}
		}
	}
	one := profile.New()
	one.Add(build(t, 0, work("x", 123456.789)))
	if got := one.Quantile(0.5); got != 123456789*time.Microsecond {
		t.Error(got)
	}
	if none := profile.New(); none.Quantile(0.5) != 0 || none.Max() != 0 || len(none.Kinds()) != 0 {
		t.Error("there is something in an empty profile")
	}
}

// TestBounds: names without end and trees without bottom take no memory without end.
func TestBounds(t *testing.T) {
	p := profile.New()
	root := served("shop", "GET", "/")
	for i := range 11_000 {
		root.kids = append(root.kids, work("x"+letters(i), 0.001))
	}
	p.Add(build(t, 0, root))
	check := func(points, most, others int) {
		t.Helper()
		paths, deepest := 0, 0
		for path := range p.All() {
			paths++
			points -= path.Count
			deepest = max(deepest, path.Depth)
			if path.Other {
				others -= path.Count
			}
		}
		if paths > most || deepest > 101 || points != 0 || others != 0 {
			t.Errorf("%d paths down to %d, %d points too few, %d of them others", paths, deepest, points, others)
		}
	}
	check(11_001, 10_001, 1001)
	p = profile.New()
	deep := work("deep", 1)
	for range 300 {
		deep = work("deep", 1, deep)
	}
	p.Add(build(t, 1, deep))
	check(301, 101, 201)
}

func letters(n int) string {
	s := ""
	for ; n > 0; n /= 26 {
		s += string(rune('a' + n%26))
	}
	return s
}

// TestManyValues: an attribute that has another value in each trace separates nothing,
// and neither does one that half of the slow traces have.
func TestManyValues(t *testing.T) {
	p := profile.New()
	for i := range 200 {
		ms := 1.0
		if i%5 == 0 {
			ms = 50
		}
		p.Add(build(t, i, work("x", ms, work("never", 0)).with("order", i).with("plan", pick(ms > 1, "seq", "index")).with("half", i%10 == 0)))
	}
	e := p.Explain(p.Kinds()[0])
	if len(e.Causes) != 1 {
		t.Errorf("%+v", e.Causes)
	}
	if v := e.Causes[0].Separates; len(v) != 1 || v[0].Name != "plan" || v[0].Text != "seq" || v[0].InSlow != 1 || v[0].InFast != 0 {
		t.Errorf("%+v", v)
	}
}

// TestUnfinished: traces that did not end are counted.
func TestUnfinished(t *testing.T) {
	p := profile.New()
	p.Add(build(t, 0, work("x", 5, work("y", 3)).unended()))
	if p.Unfinished != 1 || p.Total != 3*time.Millisecond {
		t.Errorf("%d, %v", p.Unfinished, p.Total)
	}
}
