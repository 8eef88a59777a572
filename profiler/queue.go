package profiler

import (
	"log/slog"
	"sync"
	"time"

	"github.com/sonde-go/sonde/record"
)

// queue stands between traced code and the sinks. Traced code hands chunks over
// and never waits; each sink has an outlet, whose goroutine takes them there. A
// timer makes open traces hand over what is older than the flush interval,
// whatever those goroutines are waiting for.
//
// Lock order: trace.mu before queue.mu. No other lock is taken while queue.mu is
// held, and no lock is held while a sink, the logger or a value's own methods run.
// One lock serves all outlets: it is held only briefly, and a record that goes to
// one sink costs one lock.
type queue struct {
	interval time.Duration
	logger   *slog.Logger
	tails    tails // of every record
	outlets  []*outlet
	budgets  budgets // of the outlets

	mu      sync.Mutex // guards what is below, and the outlets' state
	dirty   ring       // traces whose chunk waits to be handed over by age
	ticking bool       // the timer runs
	closed  bool       // no trace gets a chunk any more

	timer  *time.Timer
	closes sync.Once
}

func newQueue(c Config, source record.Source) *queue {
	q := &queue{interval: c.Queue.FlushInterval, logger: c.Logger, tails: newTails(&source)}
	q.dirty.init()
	q.timer = time.AfterFunc(time.Hour, q.tick)
	q.timer.Stop()
	for _, d := range append([]Destination{{c.Sink, c.Queue}}, c.More...) {
		o := newOutlet(q, d, source)
		q.outlets, q.budgets = append(q.outlets, o), append(q.budgets, &o.budget)
	}
	for _, o := range q.outlets {
		go o.run()
	}
	return q
}

// take returns a chunk for t and lists t as dirty. It returns nil once the queue is
// closed, or if no sink has room.
func (q *queue) take(t *trace) *chunk {
	c := newChunk(t.base, t.wall)
	if !c.open(q.budgets) {
		return nil
	}
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		c.forget(q.budgets)
		return nil
	}
	q.dirty.push(t)
	start := q.tickSoon()
	q.mu.Unlock()
	if start {
		q.timer.Reset(q.interval)
	}
	return c
}

// refuse counts a record of t for which no sink had room.
func (q *queue) refuse(t *trace, kind record.Phase, at int64) {
	over := t.open == 0 && t.chunk == nil
	q.mu.Lock()
	for _, o := range q.outlets {
		o.refuse(t.base, kind, at, over)
	}
	q.mu.Unlock()
	q.tickLater()
}

// leaveOut notes that a point of t is not recorded, so that a later record says so.
func (q *queue) leaveOut(t *trace) {
	at := t.at(time.Time{})
	q.mu.Lock()
	for _, o := range q.outlets {
		o.losses.add(t.base, loss{n: 2, from: at, to: at})
	}
	q.mu.Unlock()
}

// handOver takes c from t, which is locked and may have another chunk by now.
func (q *queue) handOver(t *trace, c *chunk) {
	c.close(q.budgets)
	c.last = t.open == 0
	t.number(c)
	c.users.Store(int32(len(q.outlets)))
	live, wake := c.live(), false
	q.mu.Lock()
	if t.chunk == nil {
		q.dirty.remove(t)
	}
	for _, o := range q.outlets {
		wake = o.accept(c, live) || wake
	}
	start := q.tickSoon()
	q.mu.Unlock()
	if wake {
		q.signal()
	}
	if start {
		q.timer.Reset(q.interval)
	}
}

// tickSoon reports whether the caller has to start the timer.
func (q *queue) tickSoon() bool {
	start := !q.ticking && !q.closed
	q.ticking = q.ticking || start
	return start
}

// tick runs when the flush interval is over. Since the goroutines may be waiting
// for their sinks, it also logs dropped records.
func (q *queue) tick() {
	q.mu.Lock()
	q.ticking = false
	q.mu.Unlock()
	q.flushDirty()
	again := false
	for _, o := range q.outlets {
		o.hurry()
		again = o.tellDrops(false) || again
	}
	if again {
		q.tickLater()
	}
}

// tickLater starts the timer unless it runs.
func (q *queue) tickLater() {
	q.mu.Lock()
	start := q.tickSoon()
	q.mu.Unlock()
	if start {
		q.timer.Reset(q.interval)
	}
}

// flushDirty makes every trace that is dirty now hand over its chunk.
func (q *queue) flushDirty() {
	q.mu.Lock()
	n := q.dirty.n
	q.mu.Unlock()
	for ; n > 0; n-- {
		q.mu.Lock()
		t := q.dirty.rotate()
		q.mu.Unlock()
		if t == nil {
			return
		}
		t.flush()
	}
}

// signal wakes the outlets; those that have nothing to do go back to sleep.
func (q *queue) signal() {
	for _, o := range q.outlets {
		o.signal()
	}
}
