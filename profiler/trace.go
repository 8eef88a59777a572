package profiler

import (
	"sync"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// trace is what all points of one request in this process share: its identity, its
// clock, and the chunk in which its records gather until they are handed to the
// queue. Requests share nothing while they run.
type trace struct {
	svc  *Service
	base header.ID
	key  *header.Key

	parent header.ID    // of the first point
	frame  record.Frame // of the records

	tally *tally // shared with the other requests of the trace; nil: not limited
	less  *less  // nil if everything is recorded, see Detail

	// anchor and wall are the same instant on the monotonic and on the wall clock.
	// Every time in the trace is counted from them, so that no duration becomes
	// negative when the wall clock is set.
	anchor time.Time
	wall   int64

	mu       sync.Mutex
	chunk    *chunk // guarded by mu; nil when nothing is gathered
	open     int    // points that have started and not stopped; guarded by mu
	numbered uint64 // records that have a number, if tally is nil; guarded by mu
	told     *told  // foreign layers that were described; guarded by mu

	// The trace's place in queue.dirty; guarded by queue.mu.
	prev, next *trace
}

// at is t, or now, as Unix time in nanoseconds.
func (t *trace) at(when time.Time) int64 {
	if when.IsZero() {
		return t.wall + int64(time.Since(t.anchor))
	}
	return t.wall + int64(when.Sub(t.anchor))
}

// write returns an encoder that writes straight into the chunk, and leaves t locked
// until emit. It returns nil if t is busy or gets no chunk.
func (t *trace) write() *encoder {
	if !t.mu.TryLock() {
		return nil
	}
	if t.chunk == nil {
		if t.chunk = t.svc.queue.take(t); t.chunk == nil {
			t.mu.Unlock()
			return nil
		}
	}
	return t.chunk.encoder(t.svc)
}

// emit takes the record of n that e holds.
func (t *trace) emit(n *node, at int64, e *encoder) {
	if !e.direct {
		t.mu.Lock()
	}
	t.put(n, at, e)
	switch c := t.chunk; {
	case c == nil:
	case t.open == 0:
		t.chunk = nil
		t.svc.queue.handOver(t, c)
	case c.full():
		t.chunk = c.keepHeld(t.svc.queue.budgets)
		t.svc.queue.handOver(t, c)
	}
	t.mu.Unlock()
}

// put takes the record of n that e holds into the chunk. The trace is locked.
func (t *trace) put(n *node, at int64, e *encoder) {
	kind := e.layout.Phase()
	if kind == record.Start {
		t.open++
	} else {
		t.open--
	}
	q := t.svc.queue
	if t.chunk == nil {
		t.chunk = q.take(t)
	}
	c := t.chunk
	if t.tally != nil {
		t.tally.bytes.Add(int64(len(e.layout.Info(e.buf[e.from:]))))
		if kind == record.Start {
			t.tally.points.Add(1)
		}
	}
	if c == nil || !c.reserve(e, q.budgets) {
		q.refuse(t, kind, at)
	} else {
		c.add(e, at)
		if kind == record.Start {
			if n.watch != nil {
				t.mayWithhold(n, e.layout.Info(e.buf[e.from:]))
			}
			if n.state.Load()&(stateHeld|stateBrief) != 0 {
				c.hold(n, q.budgets)
			}
		}
	}
}

// number gives c's records their numbers. Requests of one trace share a numbering, since
// they share a tally. The numbering of a trace that the program has begun itself is
// another one: its id is new, so no other request of it is without a tally.
func (t *trace) number(c *chunk) {
	n := uint64(c.live())
	if t.tally == nil {
		c.before = t.numbered
		t.numbered += n
		return
	}
	c.part, c.before = t.tally.part, t.tally.numbered.Add(n)-n
}

// release stops withholding the start record of n, which is watched, if it is still
// withheld. Of other points their state says all.
func (t *trace) release(n *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.chunk.withheld(n); r != nil {
		r.held = false
	}
}

// retract removes n's start record, if it is still withheld.
func (t *trace) retract(n *node) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chunk
	if c.withheld(n) == nil {
		return false
	}
	if n.set(stateEnded)&stateFirst != 0 {
		carried.Add(-1)
	}
	if n.watch != nil {
		t.forget(n)
	}
	c.retract(n)
	t.open--
	if t.open == 0 {
		t.chunk = nil
		t.svc.queue.handOver(t, c)
	}
	return true
}

// flush hands over what has gathered, including withheld records.
func (t *trace) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.chunk; c != nil {
		t.writeRepeats(nil)
		t.chunk = nil
		t.svc.queue.handOver(t, c)
	}
}
