package findings_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report/findings"
)

// The properties of this file relate what is found in a trace to what is found
// in one made from it.

func find(t testing.TB, points ...*point) *findings.Result {
	t.Helper()
	res := findings.Find(trace(t, points...), findings.Options{})
	checkPath(t, res)
	return res
}

// signed are the findings by signature.
func signed(res *findings.Result) map[string]findings.Finding {
	m := map[string]findings.Finding{}
	for _, f := range res.Findings {
		m[f.Signature] = f
	}
	return m
}

func signatures(res *findings.Result) []string {
	return slices.Sorted(maps.Keys(signed(res)))
}

func each(t *testing.T, tidy bool, f func(t *testing.T, rnd *rand.Rand, points []*point)) {
	t.Helper()
	said := 0
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		points := random(rnd, 1+rnd.IntN(80), tidy)
		said += len(find(t, points...).Findings)
		if f(t, rnd, points); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if said < 50 {
		t.Errorf("only %d findings were compared", said)
	}
}

// all yields points with all that is below them.
func all(points []*point, f func(*point)) {
	for _, p := range points {
		f(p)
		all(p.kids, f)
	}
}

// 1. Work that nobody waits for adds no finding.
func TestIndependentWorkAddsNone(t *testing.T) {
	each(t, true, func(t *testing.T, _ *rand.Rand, points []*point) {
		before := find(t, points...)
		root := points[0]
		for s := range before.Path() {
			if s.Point == before.Head.Point {
				continue
			}
			for _, k := range root.kids {
				if from := beginning.Add(time.Duration(k.from * 1e6)); k.to-k.from > 2 && s.From >= from.Sub(beginning.Add(time.Duration(root.from*1e6))) {
					root.kids = append(root.kids, work("independent", k.from, k.from+.5))
					break
				}
			}
			break
		}
		after := find(t, points...)
		was := signed(before)
		for s, f := range signed(after) {
			if _, ok := was[s]; !ok && f.Kind != findings.Gap { // a hole before it is another place
				t.Errorf("new: %s", f.Text)
			}
		}
	})
}

// 2. The order in which records are stored changes nothing.
func TestOrderOfRecords(t *testing.T) {
	each(t, false, func(t *testing.T, rnd *rand.Rand, points []*point) {
		list := records(points...)
		want := texts(findings.Find(ofRecords(t, list), findings.Options{}))
		rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		got := texts(findings.Find(ofRecords(t, list), findings.Options{}))
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("stored in another order:\n%q, want\n%q", got, want)
		}
	})
}

func texts(res *findings.Result) (list []string) {
	for _, f := range res.Findings {
		list = append(list, string(f.Kind)+" "+f.Text)
	}
	return list
}

// 3. Twice the calls are twice the count, twice the time, and no other finding.
func TestDoublingDoubles(t *testing.T) {
	for n := 6; n <= 48; n *= 2 {
		one := find(t, page(float64(n), times(n, 0, .9, .1, queryRow)...)).Findings
		two := find(t, page(float64(2*n), times(2*n, 0, .9, .1, queryRow)...)).Findings
		if len(one) != 1 || len(two) != 1 || two[0].Count != 2*one[0].Count || two[0].Took != 2*one[0].Took || two[0].Signature != one[0].Signature {
			t.Errorf("%+v and doubled %+v", one, two)
		}
	}
}

func queryRow(_ int, from, to float64) *point {
	return query("SELECT * FROM rows WHERE id = ?", from, to)
}

// 4. Taking points away never adds a finding, save one about the hole that they
// leave: a gap, a pause before a retry, or the time of what is around it.
func TestRemovingNeverCreates(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		kids := times(12, 0, .4, .01, func(_ int, from, to float64) *point { return get("conf", "/flags", from, to) })
		for range rnd.IntN(4) {
			kids[rnd.IntN(len(kids))].failing("E", "no")
		}
		was := signed(find(t, page(9, kids...)))
		for len(kids) > 0 {
			i := rnd.IntN(len(kids))
			kids = slices.Delete(slices.Clone(kids), i, i+1)
			now := signed(find(t, page(9, kids...)))
			for s, f := range now {
				if _, ok := was[s]; !ok && f.Kind != findings.Slow && f.Kind != findings.Gap && f.Kind != findings.Retries {
					t.Errorf("seed %d: with %d left: %s", seed, len(kids), f.Text)
				}
			}
			was = now
		}
	}
}

// 5. Traces without trouble have no findings, whatever they look like.
func TestSilence(t *testing.T) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		root := page(9.9)
		n := 0
		var fill func(p *point, depth int)
		fill = func(p *point, depth int) {
			at := p.from
			for range rnd.IntN(5) {
				length := rnd.Float64() * (p.to - at) / 2
				if length < .01 {
					return
				}
				n++
				var k *point
				switch rnd.IntN(4) {
				case 0:
					k = query(fmt.Sprintf("SELECT a FROM t%d", n), at, at+length)
				case 1:
					k = rpc(fmt.Sprint("s", n), fmt.Sprintf("/a.B/M%d", n), at, at+length, length/10)
					fill(k.kids[0], depth+1)
				case 2:
					k = work(fmt.Sprint("w", n), at, at+length)
					fill(k, depth+1)
				case 3:
					k = sent(fmt.Sprint("m", n), at, at+length)
					k.kids = []*point{handled("worker", "m", at+length, at+length+50)}
				}
				p.kids = append(p.kids, k)
				at += length
			}
		}
		fill(root, 0)
		for _, f := range find(t, root).Findings {
			t.Errorf("seed %d: %s: %s", seed, f.Kind, f.Text)
		}
	}
}

// 6. Two troubles in one trace are both found, and nothing else is.
func TestAdditivity(t *testing.T) {
	troubles := map[string]func(from float64) *point{
		"repeated": func(at float64) *point { return work("a", at, at+100, times(20, at, 5, 0, queryRow)...) },
		"slow":     func(at float64) *point { return work("b", at, at+100, query("SELECT b FROM b", at, at+100)) },
		"gap":      func(at float64) *point { return work("c", at, at+100, query("SELECT c FROM c", at+97, at+100)) },
		"failure": func(at float64) *point {
			return work("d", at, at+100, times(10, at, 9.9, .1, func(i int, from, to float64) *point {
				return work(fmt.Sprint("d", i), from, to).failing(fmt.Sprint("E", i/10), "no")
			})...)
		},
	}
	for one, a := range troubles {
		for two, b := range troubles {
			if one >= two {
				continue
			}
			first, second := signed(find(t, page(200, a(0), gone("b", 100)))), signed(find(t, page(200, gone("a", 0), b(100))))
			both := signed(find(t, page(200, a(0), b(100))))
			for s, f := range both {
				if _, ok := first[s]; !ok {
					if _, ok := second[s]; !ok {
						t.Errorf("%s and %s: %s", one, two, f.Text)
					}
				}
			}
			for _, part := range []map[string]findings.Finding{first, second} {
				for s, f := range part {
					if _, ok := both[s]; !ok && f.Points[0].Name != "gone" {
						t.Errorf("%s and %s: missing: %s", one, two, f.Text)
					}
				}
			}
		}
	}
}

// gone stands where the other trouble is, and takes as long.
func gone(name string, at float64) *point {
	return work("gone", at, at+100)
}

// 7. No time counts twice: what the findings take is not more than there is, but
// for the tenth that two may share.
func TestExclusivity(t *testing.T) {
	each(t, true, func(t *testing.T, _ *rand.Rand, points []*point) {
		res := find(t, points...)
		sum := 0.
		for _, f := range res.Findings {
			switch f.Kind {
			case findings.Repeated, findings.Retries, findings.Outlier, findings.Slow, findings.Sequential, findings.Gap:
				sum += f.Share
			}
		}
		if sum > 1.1 {
			t.Errorf("%v of the time: %q", sum, texts(res))
		}
	})
}

// 8. Thresholds are what they say, to the microsecond.
func TestBoundaries(t *testing.T) {
	count := func(k findings.Kind, res *findings.Result) (n int) {
		for _, f := range res.Findings {
			if f.Kind == k {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		kind     findings.Kind
		in, none []*point
	}{
		{findings.Repeated, []*point{page(9, times(5, 0, 1, 0, queryRow)...)}, []*point{page(9, times(4, 0, 1, 0, queryRow)...)}},
		{findings.Repeated, []*point{page(80, times(5, 0, 1, 0, queryRow)...)}, []*point{page(80.001, times(5, 0, 1, 0, queryRow)...)}},
		{findings.Gap, []*point{page(51, query("SELECT 1", 50, 51))}, []*point{page(51, query("SELECT 1", 49.999, 51))}},
		{findings.Gap, []*point{page(500, query("SELECT 1", 50, 500))}, []*point{page(500.001, query("SELECT 1", 50, 500.001))}},
		{findings.Slow, []*point{page(10, query("SELECT 1", 0, 10))}, []*point{page(9.999, query("SELECT 1", 0, 9.999))}},
		{findings.Waiting, []*point{page(9, sent("a", 0, 1, handled("w", "a", 101, 102)))}, []*point{page(9, sent("a", 0, 1, handled("w", "a", 100.999, 102)))}},
		{findings.Outlives, []*point{page(9, work("a", 0, 19))}, []*point{page(9, work("a", 0, 18.999))}},
		{findings.Outlier, []*point{page(60, fanOut(9, 10, 50)...)}, []*point{page(60, fanOut(9, 10, 49.999)...)}},
	} {
		if n := count(c.kind, find(t, c.in...)); n != 1 {
			t.Errorf("%s: at the threshold %d", c.kind, n)
		}
		if n := count(c.kind, find(t, c.none...)); n != 0 {
			t.Errorf("%s: below it %d", c.kind, n)
		}
	}
}

// 9. A trace that takes ten times as long has the same findings at ten times the
// thresholds.
func TestScaling(t *testing.T) {
	each(t, true, func(t *testing.T, _ *rand.Rand, points []*point) {
		all(points, func(p *point) { p.from, p.to = 100*p.from, 100*p.to })
		usual := findings.Options{MinTime: time.Second, MinGap: 5 * time.Second, MinWait: 10 * time.Second, ClockBound: 100 * time.Millisecond}
		before := findings.Find(trace(t, points...), usual)
		all(points, func(p *point) { p.from, p.to = 10*p.from, 10*p.to })
		usual = findings.Options{MinTime: 10 * time.Second, MinGap: 50 * time.Second, MinWait: 100 * time.Second, ClockBound: time.Second}
		after := findings.Find(trace(t, points...), usual)
		if !slices.Equal(signatures(before), signatures(after)) {
			t.Errorf("%q, scaled %q", texts(before), texts(after))
		}
	})
}

// 10. What services are called makes no difference.
func TestRenaming(t *testing.T) {
	each(t, false, func(t *testing.T, _ *rand.Rand, points []*point) {
		before := find(t, points...)
		all(points, func(p *point) {
			if p.service != "" {
				p.service, p.host = "z"+p.service, "host-z"+p.service
			}
		})
		after := find(t, points...)
		if len(before.Findings) != len(after.Findings) {
			t.Fatalf("%q, renamed %q", texts(before), texts(after))
		}
		for k, f := range before.Findings {
			if g := after.Findings[k]; f.Kind != g.Kind || f.Count != g.Count || f.Took != g.Took {
				t.Errorf("%s, renamed %s", f.Text, g.Text)
			}
		}
	})
}

// 11. When a trace was recorded makes no difference.
func TestShiftingTime(t *testing.T) {
	each(t, false, func(t *testing.T, _ *rand.Rand, points []*point) {
		list := records(points...)
		before := texts(findings.Find(ofRecords(t, list), findings.Options{}))
		for i := range list {
			list[i].Timestamp = later(t, &list[i])
		}
		after := texts(findings.Find(ofRecords(t, list), findings.Options{}))
		if !slices.Equal(before, after) {
			t.Errorf("%q, an hour later %q", before, after)
		}
	})
}

func later(t *testing.T, r *record.Record) string {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000000", r.Timestamp)
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(time.Hour).Format("2006-01-02T15:04:05.000000")
}
