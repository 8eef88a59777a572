package tail

import (
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// clock is the time of a test.
type clock struct{ at time.Time }

func newClock() *clock                   { return &clock{time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)} }
func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

// drawn takes ids of version 8 for drawn.
func drawn(base string) (float64, bool) {
	h := fnv.New64a()
	h.Write([]byte(base))
	x := h.Sum64()
	x ^= x >> 31
	x *= 0x9e3779b97f4a7c15
	x ^= x >> 29
	return (float64(x>>11) + 1) / (1 << 53), len(base) == 36 && base[14] == '8'
}

// base is the nth base id, drawn by sampling.
func base(n int) string { return fmt.Sprintf("%08x-0000-850d-9e00-000000000000", n) }

// request makes the records of a trace: a root that takes so long, and a call.
type request struct {
	base, service, route string
	took                 time.Duration
	etype                string
}

// events are root start, call start, call stop and root stop.
func (r *request) events() []record.Event {
	trace, _ := header.ParseID(r.base)
	root, _ := header.ParseID("root-" + r.base)
	call, _ := header.ParseID("call-" + r.base)
	from := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC).UnixNano()
	line := func(point, parent header.ID, name string, phase record.Phase, at time.Duration, info string) record.Event {
		return record.New(record.Fields{
			Point: point, Parent: parent, Trace: trace, Name: name, Phase: phase, Time: from + int64(at),
			Project: "p", Service: r.service, Info: []byte(info),
		})
	}
	failed := `{"host":"h"}`
	if r.etype != "" {
		failed = `{"etype":"` + r.etype + `","message":"m","host":"h"}`
	}
	return []record.Event{
		line(root, trace, "wsgi", record.Start, 0, `{"request":{"method":"GET"},"sonde":{"kind":"server"},"host":"h"}`),
		line(call, root, "db", record.Start, r.took/4, `{"db":{"statement":"SELECT 1"},"host":"h"}`),
		line(call, root, "db", record.Stop, r.took/2, failed),
		line(root, trace, "wsgi", record.Stop, r.took, `{"response":{"route":"`+r.route+`"},"host":"h"}`),
	}
}

func (r *request) batch() Batch { return Batch{Trace: r.base, Events: r.events(), Size: 1000} }

// relaxed is the pressure of a store that takes everything at once.
func relaxed() float64 { return 0 }

// decider is one whose spool is read without delay, by the test's clock.
type decider struct {
	*Decider
	clock *clock
}

func newDecider(r Rules, c *clock, pressure func() float64) *decider {
	return &decider{New(r, drawn, c.now, pressure), c}
}

func (d *decider) Add(b Batch) (Outcome, Verdict) {
	b.At = d.clock.now()
	return d.Decider.Add(b)
}

func (d *decider) Decided(partition int) []*Trace { return d.Decider.Decided(partition, d.clock.now()) }

// settle settles what is decided, and returns the verdicts by base id.
func settle(d *decider, partition int) map[string]Verdict {
	ts := d.Decided(partition)
	d.Settle(partition, ts)
	verdicts := map[string]Verdict{}
	for _, t := range ts {
		verdicts[t.Base] = t.Verdict
	}
	return verdicts
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules func(*Rules)
		// before are settled first, a second after each other.
		before []request
		trace  request
		want   Verdict
	}{
		{name: "no rule", trace: request{base: base(1)}},
		{name: "errors", rules: func(r *Rules) { r.Errors = true },
			trace: request{base: base(1), etype: "ValueError"}, want: Verdict{Keep: true, Rule: "errors", Of: 1}},
		{name: "no error", rules: func(r *Rules) { r.Errors = true }, trace: request{base: base(1)}},
		{name: "a rare name", rules: func(r *Rules) { r.RareBelow = 3 },
			before: many(3, request{route: "/a"}),
			trace:  request{base: base(100), route: "/b"}, want: Verdict{Keep: true, Rule: "rare", Of: 1}},
		{name: "a name that is rare no more", rules: func(r *Rules) { r.RareBelow = 3 },
			before: many(3, request{route: "/a"}),
			trace:  request{base: base(100), route: "/a"}},
		{name: "the same name of another service is another", rules: func(r *Rules) { r.RareBelow = 3 },
			before: many(3, request{route: "/a"}),
			trace:  request{base: base(100), route: "/a", service: "other"}, want: Verdict{Keep: true, Rule: "rare", Of: 1}},
		{name: "slow", rules: func(r *Rules) { r.Slowest = 0.05 },
			before: many(100, request{took: 100 * time.Millisecond}),
			trace:  request{base: base(100), took: 200 * time.Millisecond}, want: Verdict{Keep: true, Rule: "slowest", Of: 1}},
		{name: "slow, but others of its name are slower", rules: func(r *Rules) { r.Slowest = 0.05 },
			before: append(many(95, request{took: 100 * time.Millisecond}), many(5, request{took: time.Second})...),
			trace:  request{base: base(200), took: 200 * time.Millisecond}},
		{name: "slow for another name", rules: func(r *Rules) { r.Slowest = 0.05 },
			before: append(many(100, request{route: "/a", took: 100 * time.Millisecond}), many(100, request{route: "/b", took: time.Second})...),
			trace:  request{base: base(300), route: "/a", took: 200 * time.Millisecond}, want: Verdict{Keep: true, Rule: "slowest", Of: 1}},
		{name: "the first of its name is not slow", rules: func(r *Rules) { r.Slowest = 0.05 },
			trace: request{base: base(1), took: time.Hour}},
		{name: "the first by rate", rules: func(r *Rules) { r.Rate = 6 },
			trace: request{base: base(1)}, want: Verdict{Keep: true, Rule: "rate", Of: 1}},
		{name: "the second by rate", rules: func(r *Rules) { r.Rate = 6 },
			before: many(9, request{}), trace: request{base: base(100)}},
		{name: "by rate after ten seconds, for those that were not kept", rules: func(r *Rules) { r.Rate = 6 },
			before: many(10, request{}), trace: request{base: base(100)}, want: Verdict{Keep: true, Rule: "rate", Of: 10}},
		{name: "errors are named before chance", rules: func(r *Rules) { r.Errors, r.Probability = true, 1 },
			trace: request{base: base(1), etype: "E"}, want: Verdict{Keep: true, Rule: "errors", Of: 1}},
		{name: "probability", rules: func(r *Rules) { r.Probability = 1 },
			trace: request{base: base(1)}, want: Verdict{Keep: true, Rule: "probability", Of: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock, rules := newClock(), Defaults()
			rules.Quiet = time.Millisecond
			if c.rules != nil {
				c.rules(&rules)
			}
			d := newDecider(rules, clock, relaxed)
			for _, r := range c.before {
				d.Add(r.batch())
				clock.advance(time.Second)
				settle(d, 0)
			}
			if got, _ := d.Add(c.trace.batch()); got != Held {
				t.Fatalf("the outcome is %v", got)
			}
			clock.advance(time.Second)
			if got := settle(d, 0)[c.trace.base]; got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// made numbers the traces that many has made.
var made = 1 << 20

func many(n int, r request) (rs []request) {
	for range n {
		made++
		r.base = base(made)
		rs = append(rs, r)
	}
	return rs
}

func TestWhenATraceIsDecided(t *testing.T) {
	clock, rules := newClock(), Defaults()
	rules.Errors = true
	d := newDecider(rules, clock, relaxed)
	r := request{base: base(1), etype: "E"}
	events := r.events()
	add := func(i int, want Outcome) {
		t.Helper()
		if got, _ := d.Add(Batch{Trace: r.base, Events: events[i : i+1]}); got != want {
			t.Fatalf("record %d: %v, want %v", i, got, want)
		}
	}
	add(0, Held)
	clock.advance(9 * time.Second)
	add(1, Held)
	clock.advance(9 * time.Second)
	if got := d.Decided(0); len(got) != 0 {
		t.Fatalf("decided after nine seconds: %v", got)
	}
	clock.advance(time.Second)
	ts := d.Decided(0)
	if len(ts) != 1 || ts[0].Verdict.Keep {
		t.Fatalf("after ten quiet seconds: %v", ts)
	}
	add(2, Held) // decided, but not settled: it goes the same way
	if kept, dropped := d.Settle(0, ts); len(kept) != 0 || len(dropped) != 3 {
		t.Errorf("%d kept and %d dropped, want all three", len(kept), len(dropped))
	}
	add(3, Dropped) // though it failed
	if c := d.Counts(); c.Dropped != 1 || c.Late != 1 || c.Held+c.Settling != 0 {
		t.Errorf("%+v", c)
	}
}

func TestATraceThatIsNeverQuiet(t *testing.T) {
	clock, rules := newClock(), Defaults()
	d := newDecider(rules, clock, relaxed)
	r := request{base: base(1)}
	for i := range 60 {
		d.Add(Batch{Trace: r.base, Events: r.events()[1:2]})
		if len(d.Decided(0)) != 0 {
			t.Fatalf("decided after %d seconds", i)
		}
		clock.advance(time.Second)
	}
	if len(d.Decided(0)) != 1 {
		t.Error("not decided after a minute")
	}
}

// TestTimeIsThatOfTheSpool: while a partition is read late, its traces are not quiet only
// because nothing of them has been read yet.
func TestTimeIsThatOfTheSpool(t *testing.T) {
	clock, rules := newClock(), Defaults()
	rules.Errors = true
	d := newDecider(rules, clock, relaxed)
	r := request{base: base(1), etype: "E"}
	at := clock.now()
	d.Decider.Add(Batch{Trace: r.base, At: at, Events: r.events()[:2]})
	clock.advance(time.Hour)
	if got := d.Decider.Decided(0, at.Add(9*time.Second)); len(got) != 0 {
		t.Fatalf("decided: %v", got)
	}
	d.Decider.Add(Batch{Trace: r.base, At: at.Add(9 * time.Second), Events: r.events()[2:]})
	if got := d.Decider.Decided(0, at.Add(18*time.Second)); len(got) != 0 {
		t.Fatalf("decided: %v", got)
	}
	if got := d.Decider.Decided(0, at.Add(19*time.Second)); len(got) != 1 || got[0].Verdict.Rule != "errors" {
		t.Errorf("%v", got)
	}
}

func TestAskedForTracesAreNeverHeld(t *testing.T) {
	clock := newClock()
	d := newDecider(Defaults(), clock, relaxed)
	for _, id := range []string{"0d3c1ab6-3a6c-4f0b-9a7b-6b8f4b6f0c11", "req-1"} {
		if got, v := d.Add(Batch{Trace: id}); got != Kept || v != Asked {
			t.Errorf("%s: %v, %+v", id, got, v)
		}
	}
}

func TestAPartitionIsForgotten(t *testing.T) {
	clock := newClock()
	rules := Defaults()
	rules.Traces = 100
	d := newDecider(rules, clock, relaxed)
	for i := range 150 { // 90 are held, then there is stress
		b := (&request{base: base(i)}).batch()
		b.Partition = i % 2
		d.Add(b)
	}
	if got := len(d.Forget(0)); got != 75 {
		t.Errorf("%d batches, want 75", got)
	}
	if got := d.Decided(0); len(got) != 0 {
		t.Errorf("%d traces of the partition are decided", len(got))
	}
	if got := len(d.Decided(1)); got != 30 {
		t.Errorf("%d traces of the other partition are decided, want 30", got)
	}
	d.Forget(1)
	if c := d.Counts(); c.Held != 0 || c.Settling != 0 || c.Traces != 0 {
		t.Errorf("%+v", c)
	}
	if got, _ := d.Add((&request{base: base(0)}).batch()); got != Held {
		t.Errorf("a trace that was decided and not settled: %v", got)
	}
}

func TestKeptTracesShareIsThatAskedFor(t *testing.T) {
	clock, rules := newClock(), Defaults()
	rules.Quiet, rules.Probability = time.Millisecond, 0.05
	d := newDecider(rules, clock, relaxed)
	n, kept, stands := 20_000, 0, 0.0
	for i := range n {
		d.Add((&request{base: base(i)}).batch())
		clock.advance(time.Millisecond)
		for _, v := range settle(d, 0) {
			if v.Keep {
				kept++
				stands += v.Of
			}
		}
	}
	if kept < 900 || kept > 1100 || stands < 18_000 || stands > 22_000 {
		t.Errorf("%d of %d are kept, which stand for %v", kept, n, stands)
	}
}
