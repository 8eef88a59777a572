package tail

import (
	"testing"
	"time"
)

func TestStressHasHysteresis(t *testing.T) {
	clock := newClock()
	var s Stress
	for i, c := range []struct {
		memory, store float64
		after         time.Duration
		on, changed   bool
		cause         string
	}{
		{memory: 0.5, store: 0.5},
		{memory: 0.899},
		{memory: 0.5, store: 0.9, on: true, changed: true, cause: "store"},
		{memory: 0.1, after: time.Second, on: true, cause: "store"},       // too soon
		{memory: 0.75, after: 20 * time.Second, on: true, cause: "store"}, // not far enough
		{memory: 0.74, changed: true, cause: "store"},
		{memory: 0.89, cause: "store"},
		{memory: 0.95, store: 0.9, on: true, changed: true, cause: "memory"},
	} {
		clock.advance(c.after)
		changed := s.see([3]fill{{"memory", c.memory}, {"traces", 0}, {"store", c.store}}, clock.now())
		if changed != c.changed || s.On != c.on || s.Cause != c.cause {
			t.Errorf("%d: %+v, changed %v", i, s, changed)
		}
	}
}

// TestStress fills the memory: what is held is decided by the rules, what begins by its
// base id, the same way at two deciders that have held different traces before.
func TestStress(t *testing.T) {
	clock, rules := newClock(), Defaults()
	rules.Errors, rules.Memory, rules.Stress = true, 8<<20, 0.1
	one, other := newDecider(rules, clock, relaxed), newDecider(rules, clock, relaxed)
	n := 0
	for _, d := range []*decider{one, other} {
		for ; !d.Counts().Stress.On; n++ {
			b := (&request{base: base(n), etype: "E"}).batch()
			b.Size = 100_000
			d.Add(b)
		}
	}
	if c := one.Counts(); c.Stress.Cause != "memory" || c.Traces < 50 {
		t.Errorf("%+v", c)
	}
	before := [...]uint64{one.Counts().Kept["stress"], other.Counts().Kept["stress"]}
	began := 1000
	for i := began; i < began+2000; i++ {
		for _, d := range []*decider{one, other} {
			if got, _ := d.Add((&request{base: base(i), etype: "E"}).batch()); got != Held {
				t.Fatalf("trace %d: %v", i, got)
			}
			for b, v := range settle(d, 0) {
				place, _ := drawn(b)
				if v.Rule != "stress" || v.Early != "memory" || v.Keep != (place <= 0.1) || v.Keep && v.Of != 10 {
					t.Fatalf("%s: %+v", b, v)
				}
			}
		}
	}
	a, b := one.Counts().Kept["stress"]-before[0], other.Counts().Kept["stress"]-before[1]
	if a != b || a < 120 || a > 280 {
		t.Errorf("%d and %d of 2000 are kept", a, b)
	}
	clock.advance(rules.Quiet)
	for b, v := range settle(one, 0) {
		if v.Rule != "errors" {
			t.Errorf("%s was held before: %+v", b, v)
		}
	}
	if c := one.Counts(); c.Stress.On || c.Held != 0 || c.Settling != 0 {
		t.Errorf("after it: %+v", c)
	}
}

// TestAStoreThatIsSlow has stress too, as soon as the next trace begins.
func TestAStoreThatIsSlow(t *testing.T) {
	clock := newClock()
	pressure := 0.89
	d := newDecider(Defaults(), clock, func() float64 { return pressure })
	for i := range 2 {
		d.Add((&request{base: base(i)}).batch())
		if c := d.Counts(); c.Stress.On != (i == 1) || i == 1 && c.Stress.Cause != "store" {
			t.Errorf("%v: %+v", pressure, c)
		}
		pressure = 0.9
	}
}

// TestTheOldestIsDecidedEarly: a trace that is decided early is named so, and the rest
// of it follows.
func TestTheOldestIsDecidedEarly(t *testing.T) {
	clock, rules := newClock(), Defaults()
	rules.Errors, rules.Memory, rules.Traces = true, 8<<20, 1000
	d := newDecider(rules, clock, relaxed)
	failed := request{base: base(1), etype: "E"}
	d.Add(failed.batch())
	d.Add(Batch{Trace: base(2), Size: 5 << 20})
	d.Add(Batch{Trace: base(2), Size: 4 << 20}) // there is no room for the two of them
	got := settle(d, 0)
	if v := got[base(1)]; v != (Verdict{Keep: true, Rule: "errors", Of: 1, Early: "memory"}) {
		t.Errorf("the oldest: %+v", v)
	}
	if v := got[base(2)]; v != (Verdict{Early: "memory"}) {
		t.Errorf("the one that has no room at all: %+v", v)
	}
	if got, v := d.Add(failed.batch()); got != Kept || v.Rule != "errors" {
		t.Errorf("the rest of the first: %v, %+v", got, v)
	}
	if c := d.Counts(); c.Early["memory"] != 2 {
		t.Errorf("%+v", c)
	}
}
