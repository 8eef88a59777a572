package otlp

import (
	"container/list"
	"sync"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// Limits on the points that wait for one of their records.
const (
	maxPoints = 65536
	maxBytes  = 32 << 20
	maxWait   = time.Minute // until a record is sent without its counterpart
	maxKept   = time.Hour   // until it is forgotten then
)

// key names a point. Records of one trace id with different names become
// different spans, so that nothing is lost.
type key struct {
	base, id header.ID
	name     string
}

// point is a trace point of which one record or both are known. Only sent ever
// changes: an undo puts back the very point that a batch has replaced. The events
// of a point that is held are clones, since those of a batch are valid only during
// Notify.
type point struct {
	key         key
	start, stop *record.Event // nil: has not come
	arrived     time.Time     // when its first record came
	sent        bool          // as it is, with one record; guarded by held.mu
}

func (p *point) complete() bool { return p.start != nil && p.stop != nil }

// first is the start, if it has come.
func (p *point) first() *record.Event {
	if p.start != nil {
		return p.start
	}
	return p.stop
}

// size is what the point counts against maxBytes: of a held point only one record
// is there.
func (p *point) size() int {
	const fixed = 500
	return fixed + len(p.first().Info())
}

// held has the points that wait for a record. The zero value is empty. It is safe
// for concurrent use: mu guards all fields, and sent of the points. Nothing else is
// locked, and nothing is sent, while mu is held.
//
// A point leaves it in one of three ways: its counterpart arrives (take), there is
// no more room (take, which evicts the oldest), or it has been sent alone and is old
// (forget). A point that was sent alone stays until then, so that a counterpart that
// arrives late makes the span whole under the same id.
type held struct {
	mu     sync.Mutex
	points map[key]*list.Element
	order  list.List // of *point, by arrival
	bytes  int
}

// batch is what one Notify makes of its events. It is what undo needs: if the
// delivery fails, the queue sends the events again, and held must be as it was
// before, or a record would be counted as delivered that was not.
type batch struct {
	touched []*touch
	evicted []*point // held before, now to be sent as they are
}

// touch is what a batch does to one point.
type touch struct {
	before *point // as it was held before, nil: not at all
	after  *point
	events []int // its events in the batch
}

// ready returns the points to send: those that are complete now, and those for which
// there was no more room.
func (b *batch) ready() []*point {
	var points []*point
	for _, t := range b.touched {
		if t.after.complete() {
			points = append(points, t.after)
		}
	}
	return append(points, b.evicted...)
}

// take adds events. Points that they complete are no longer held; records of the
// others are copied and held.
func (h *held) take(events []record.Event, now time.Time) *batch {
	b := &batch{}
	byKey := make(map[key]*touch, len(events))
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range events {
		e := &events[i]
		k := key{e.Trace(), e.Point(), e.Name()}
		t := byKey[k]
		if t == nil {
			t = &touch{after: &point{key: k, arrived: now}}
			if t.before = h.remove(k); t.before != nil {
				*t.after = *t.before
			}
			byKey[k] = t
			b.touched = append(b.touched, t)
		}
		t.events = append(t.events, i)
		switch p := t.after; {
		case e.Phase() == record.Start && p.start == nil:
			p.start = e
		case e.Phase() == record.Stop && p.stop == nil:
			p.stop = e
		}
	}
	for _, t := range b.touched {
		switch p := t.after; {
		case p.complete():
		case t.before != nil: // a repeat
			h.add(t.before)
		default:
			p.start, p.stop = clone(p.start), clone(p.stop)
			h.add(p)
		}
	}
	for len(h.points) > maxPoints || h.bytes > maxBytes {
		p := h.remove(h.order.Front().Value.(*point).key)
		if !p.sent {
			b.evicted = append(b.evicted, p)
		}
	}
	return b
}

// undo restores the state before the batch, since its events come again, except for
// the points that will never be accepted.
func (h *held) undo(b *batch, except map[*point]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range b.touched {
		if except[t.after] {
			continue
		}
		if e := h.points[t.after.key]; e != nil && e.Value == t.after {
			h.remove(t.after.key)
		}
		h.back(t.before)
	}
	for _, p := range b.evicted {
		if !except[p] && !b.has(p) {
			h.back(p)
		}
	}
}

// has reports whether p came with the batch.
func (b *batch) has(p *point) bool {
	for _, t := range b.touched {
		if t.after == p {
			return true
		}
	}
	return false
}

// back holds p again, as the oldest, unless there is another one by now.
func (h *held) back(p *point) {
	if p != nil && h.points[p.key] == nil {
		h.add(p)
		h.order.MoveToFront(h.points[p.key])
	}
}

func (h *held) add(p *point) {
	if h.points == nil {
		h.points = map[key]*list.Element{}
	}
	h.points[p.key] = h.order.PushBack(p)
	h.bytes += p.size()
}

func (h *held) remove(k key) *point {
	e := h.points[k]
	if e == nil {
		return nil
	}
	delete(h.points, k)
	p := h.order.Remove(e).(*point)
	h.bytes -= p.size()
	return p
}

func clone(e *record.Event) *record.Event {
	if e == nil {
		return nil
	}
	c := e.Clone()
	return &c
}

// unsent returns the points that arrived before a time and have not been sent yet.
func (h *held) unsent(before time.Time) (points []*point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for e := h.order.Front(); e != nil; e = e.Next() {
		if p := e.Value.(*point); !p.sent && p.arrived.Before(before) {
			points = append(points, p)
		}
	}
	return points
}

// unsentCount is how many points have not been sent in any form.
func (h *held) unsentCount() int { return len(h.unsent(time.Now().Add(time.Hour))) }

// markSent notes that points were sent with one record.
func (h *held) markSent(points []*point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range points {
		p.sent = true
	}
}

// forget drops points that were sent and arrived before a time.
func (h *held) forget(before time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for e := h.order.Front(); e != nil; {
		p := e.Value.(*point)
		e = e.Next()
		if p.sent && p.arrived.Before(before) {
			h.remove(p.key)
		}
	}
}
