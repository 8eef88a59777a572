package tail

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/sonde-go/sonde/record"
)

// TestWholeOrNotAtAll lets traces arrive in random orders, some again and late, with too
// little memory and a slow store: each is kept whole or dropped whole, and memory stays
// within its bounds.
func TestWholeOrNotAtAll(t *testing.T) {
	seeds := uint64(6)
	if os.Getenv("SONDE_TEST_ALL") != "" {
		seeds = 200
	}
	seen := map[string]uint64{}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { wholeOrNotAtAll(t, seed, 0, seen) })
	}
	for _, what := range []string{"late", "early: memory", "early: stress", "kept: errors", "kept: slowest", "kept: probability", "kept: stress"} {
		if seen[what] == 0 {
			t.Errorf("%s has not happened: %v", what, seen)
		}
	}
}

// TestClockJumps: a clock that jumps an hour forward and back splits no trace.
func TestClockJumps(t *testing.T) {
	seen := map[string]uint64{}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { wholeOrNotAtAll(t, seed, time.Hour, seen) })
	}
	if seen["forward"] == 0 || seen["back"] == 0 || seen["late"] == 0 {
		t.Errorf("too little has happened: %v", seen)
	}
}

// wholeOrNotAtAll lets the clock jump forward and back now and then, unless jump is 0,
// and adds what has happened to seen.
func wholeOrNotAtAll(t *testing.T, seed uint64, jump time.Duration, seen map[string]uint64) {
	rnd := rand.New(rand.NewPCG(seed, 13))
	clock, rules := newClock(), Defaults()
	rules.Errors, rules.Slowest, rules.Probability, rules.Stress = true, 0.05, 0.1, 0.2
	rules.Memory, rules.Traces = 8<<20, 100+rnd.IntN(1000)
	pressure := 0.0
	d := newDecider(rules, clock, func() float64 { return pressure })

	const traces = 2000
	type part struct{ trace, record int }
	var parts []part
	requests, events := make([]request, traces), make([][]record.Event, traces)
	for i := range requests {
		r := request{base: base(i), route: fmt.Sprint(rnd.IntN(3)), took: time.Duration(rnd.IntN(1000)) * time.Millisecond}
		if rnd.IntN(20) == 0 {
			r.etype = "E"
		}
		if rnd.IntN(20) == 0 {
			r.base = fmt.Sprintf("asked-for-%d", i)
		}
		requests[i], events[i] = r, r.events()
		for record := range 4 {
			at := min(max(len(parts)-rnd.IntN(200), 0), len(parts))
			parts = append(parts, part{i, record})
			parts[at], parts[len(parts)-1] = parts[len(parts)-1], parts[at]
		}
	}
	stored, dropped := map[string]int{}, map[string]int{}
	verdicts := map[string]Verdict{}
	work := func() {
		for p := range 4 {
			ts := d.Decided(p)
			if len(ts) > 0 && rnd.IntN(4) == 0 {
				ts = ts[:rnd.IntN(len(ts))]
			}
			kept, gone := d.Settle(p, ts)
			for _, tr := range ts {
				if _, ok := verdicts[tr.Base]; ok {
					t.Fatalf("%s is decided twice", tr.Base)
				}
				verdicts[tr.Base] = tr.Verdict
			}
			for _, b := range kept {
				stored[b.Trace]++
			}
			for _, b := range gone {
				dropped[b.Trace]++
			}
		}
	}
	for _, p := range parts {
		r := &requests[p.trace]
		b := Batch{Trace: r.base, Partition: p.trace % 4, Events: events[p.trace][p.record : p.record+1], Size: 1000}
		if rnd.IntN(20) == 0 {
			b.Size = rnd.IntN(4 << 20)
		}
		switch outcome, v := d.Add(b); outcome {
		case Kept:
			stored[b.Trace]++
		case Dropped:
			dropped[b.Trace]++
			if verdicts[b.Trace] != v {
				t.Fatalf("%s: %+v, decided as %+v", b.Trace, v, verdicts[b.Trace])
			}
		}
		if c := d.Counts(); c.Held > rules.Memory || c.Traces > rules.Traces {
			t.Fatalf("too much is held: %+v", c)
		}
		if rnd.IntN(10) == 0 {
			clock.advance(time.Duration(rnd.IntN(1000)) * time.Millisecond)
			work()
			if jump != 0 && rnd.IntN(40) == 0 {
				clock.advance(jump)
				if jump > 0 {
					seen["forward"]++
				} else {
					seen["back"]++
				}
				jump = -jump
			}
			if rnd.IntN(20) == 0 {
				pressure = rnd.Float64()
			}
		}
	}
	clock.advance(2 * time.Hour)
	for len(stored)+len(dropped) < traces {
		work()
	}
	for i := range requests {
		switch r := &requests[i]; {
		case stored[r.base]+dropped[r.base] != 4:
			t.Errorf("%s: %d records are stored and %d dropped", r.base, stored[r.base], dropped[r.base])
		case stored[r.base] != 0 && dropped[r.base] != 0:
			t.Errorf("%s: a part is kept, %d records", r.base, stored[r.base])
		case len(r.base) != 36 && stored[r.base] != 4:
			t.Errorf("%s was asked for and is dropped", r.base)
		}
	}
	c := d.Counts()
	seen["late"] += c.Late
	for cause, n := range c.Early {
		seen["early: "+cause] += n
	}
	for rule, n := range c.Kept {
		seen["kept: "+rule] += n
	}
	if c.Held != 0 || c.Traces != 0 || c.Settling != 0 {
		t.Errorf("at the end: %+v", c)
	}
}
