package profiler

import (
	"sync"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// trace is what all points of one request in this process share: who it is,
// its clock, and the chunk that its records gather in until they are handed to
// the queue. Requests share nothing while they run.
type trace struct {
	svc  *Service
	base header.ID
	key  *header.Key

	// anchor and wall are one instant on the monotonic and on the wall clock.
	// Every time of the trace is counted from them, so that no duration is
	// negative when the wall clock is set.
	anchor time.Time
	wall   int64

	mu    sync.Mutex
	chunk *chunk         // guarded by mu; nil when nothing is gathered
	open  int            // points that have started and not stopped; guarded by mu
	told  []*layer.Layer // foreign layers that were described; guarded by mu

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

// emit writes one record of n with the info that e holds.
func (t *trace) emit(n *node, kind record.Phase, at int64, e *encoder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kind == record.Start {
		t.open++
	} else {
		t.open--
	}
	q, host := t.svc.queue, t.svc.hostTail
	if t.chunk == nil {
		t.chunk = q.take(t)
	}
	c := t.chunk
	if c == nil || !c.reserve(len(e.buf)+len(e.layer)+aboutBytes+len(host), &q.budget) {
		q.refuse(t.base, kind)
	} else if kind == record.Start && n.state.Load()&stateHeld != 0 {
		c.add(n, kind, at, e, 0, host)
		c.hold(n, &q.budget)
	} else {
		c.add(n, kind, at, e, q.losses.take(t.base), host)
	}
	switch {
	case c == nil:
	case t.open == 0:
		t.chunk = nil
		q.handOver(t, c)
	case c.full():
		t.chunk = c.keepHeld(&q.budget)
		q.handOver(t, c)
	}
}

// release lets n's start record go, if it is withheld still.
func (t *trace) release(n *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.chunk.withheld(n); r != nil {
		r.held = false
	}
}

// retract takes n's start record back, if it is withheld still.
func (t *trace) retract(n *node) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chunk
	r := c.withheld(n)
	if r == nil {
		return false
	}
	if n.state.Or(stateEnded)&stateFirst != 0 {
		openTraces.Add(-1)
	}
	r.held, r.dead = false, true
	c.dead++
	t.open--
	if t.open == 0 {
		t.chunk = nil
		t.svc.queue.handOver(t, c)
	}
	return true
}

// flush hands over what has gathered, withheld records included.
func (t *trace) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.chunk; c != nil {
		t.chunk = nil
		t.svc.queue.handOver(t, c)
	}
}
