package tail

import (
	"runtime"
	"testing"
)

// TestMemoryOfHeldTraces: what a Decider counts for a trace is about what it takes, the
// records apart, whose size the caller says.
func TestMemoryOfHeldTraces(t *testing.T) {
	const n = 100_000
	clock, rules := newClock(), Defaults()
	rules.Errors, rules.Traces, rules.Memory = true, 2*n, 1<<40
	d := newDecider(rules, clock, relaxed)
	events := (&request{base: base(1)}).events()
	before := heap()
	for i := range n {
		d.Add(Batch{Trace: base(i), Events: events})
	}
	held := (heap() - before) / n
	c := d.Counts()
	if c.Traces != n {
		t.Fatalf("%+v", c)
	}
	clock.advance(rules.Quiet)
	d.Settle(0, d.Decided(0))
	remembered := (heap() - before) / n
	t.Logf("%d bytes for each of %d held traces, of which %d are counted; %d once it is decided", held, n, c.Held/n, remembered)
	if counted := c.Held / n; held > 2*counted || held < counted/4 {
		t.Errorf("%d bytes for each trace, of which %d are counted", held, counted)
	}
	if remembered > 100 {
		t.Errorf("%d bytes for each decided trace", remembered)
	}
	runtime.KeepAlive(d)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
