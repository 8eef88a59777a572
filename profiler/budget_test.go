package profiler

import (
	"math"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/header"
)

func TestBudget(t *testing.T) {
	var b budget
	b.init(1000, 10)
	all := budgets{&b}
	for _, c := range []struct {
		bytes, events int
		want          bool
	}{
		{600, 6, true}, {401, 1, false}, {1, 5, false}, {400, 4, true}, {1, 0, false}, {0, 1, false}, {0, 0, true},
	} {
		if got := all.reserve(c.bytes, c.events); got != c.want {
			t.Errorf("%d bytes, %d records: %v", c.bytes, c.events, got)
		}
	}
	b.add(-600, -6)
	if bytes, events := split(b.taken.Load()); bytes != 400 || events != 4 {
		t.Errorf("%d bytes, %d records", bytes, events)
	}
	b.add(-400, -4)
	if n := b.taken.Load(); n != 0 {
		t.Errorf("%d is left", n)
	}
	b.init(math.MaxInt, math.MaxInt)
	if !all.reserve(1<<30, 1<<24) || all.reserve(math.MaxInt32, 1<<26) {
		t.Error("limits beyond what can be counted")
	}
}

// TestBudgetAtOnce: nobody gets more than there is, and nothing is forgotten.
func TestBudgetAtOnce(t *testing.T) {
	var b budget
	b.init(64, 8)
	all := budgets{&b}
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 2000 {
				if all.reserve(8, 1) {
					b.add(-8, -1)
				}
				if all.reserve(128, 1) || all.reserve(1, 9) {
					t.Error("more than there is")
				}
			}
		}()
	}
	wg.Wait()
	if n := b.taken.Load(); n != 0 {
		t.Errorf("%d is left", n)
	}
}

// TestBatchIsBounded: no more is taken from the queue at once than one batch.
func TestBatchIsBounded(t *testing.T) {
	o := &outlet{q: &queue{}, limits: QueueConfig{BatchEvents: 10}, due: math.MaxUint64}
	for i := range 100 {
		o.push(&chunk{recs: make([]entry, 1+i%3)}, 1+i%3)
	}
	var b batch
	for o.fill(&b) {
		if n := len(b.events); n > 10 || n < 8 && o.waiting.events > 0 {
			t.Errorf("a batch of %d records", n)
		}
	}
	if n := o.waiting.events; n != 0 {
		t.Errorf("%d records are left", n)
	}
}

// TestHugeChunksAreLetGo: what one huge trace needed does not count for the
// next trace.
func TestHugeChunksAreLetGo(t *testing.T) {
	var b budget
	for i := range 100 { // the pool may forget one
		c := newChunk(header.NewID(), 0)
		if cap(c.buf) > usualBytes || cap(c.recs) > usualRecords {
			t.Fatalf("a new chunk has room for %d records and %d bytes", cap(c.recs), cap(c.buf))
		}
		if i%2 == 0 {
			c.buf = make([]byte, 0, 2*usualBytes)
		} else {
			c.recs = make([]entry, 0, 2*usualRecords)
		}
		c.forget(budgets{&b})
	}
}
