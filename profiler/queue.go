package profiler

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// queue stands between traced code and the sink. Traced code hands chunks over
// and never waits; one goroutine (run, in deliver.go) takes them to the sink. A
// timer has open traces hand over what is older than the flush interval,
// whatever that goroutine is waiting for.
//
// Lock order: trace.mu before queue.mu, and trace.mu before losses.mu. Inside
// of queue.mu and losses.mu nothing else is locked, and no lock is held while
// the sink, the logger or a value's own code runs.
type queue struct {
	sink   record.Sink
	limits QueueConfig
	logger *slog.Logger
	proto  record.Event // what all events of the Service have in common
	losses losses
	budget budget

	mu       sync.Mutex
	dirty    ring // traces whose chunk waits to be handed over by age
	waiting  fifo
	seq      uint64 // of the record that was handed over or refused last
	due      uint64 // records up to this number are delivered although their batch is not full
	count    counters
	ticking  bool          // the timer runs
	closed   bool          // no trace gets a chunk any more
	settled  bool          // the accounts are final, see settle
	inFlight int           // records given to the sink and not accounted for
	oldest   uint64        // the first of the batch in flight, 0 if there is none
	progress chan struct{} // closed when a batch is done; nil unless somebody waits

	timer   *time.Timer
	wake    chan struct{} // something is due, or a batch is complete
	closing chan struct{} // all is handed over: deliver it and end
	closes  sync.Once
	done    chan struct{}      // the goroutine has ended
	ctx     context.Context    // of the calls to the sink
	cancel  context.CancelFunc // ends them
}

func newQueue(c Config, proto record.Event) *queue {
	q := &queue{
		sink: c.Sink, limits: c.Queue, logger: c.Logger, proto: proto,
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
	}
	q.budget.init(c.Queue.MaxBytes, c.Queue.MaxEvents)
	q.dirty.init()
	q.timer = time.AfterFunc(time.Hour, q.tick)
	q.timer.Stop()
	q.ctx, q.cancel = context.WithCancel(context.Background())
	go q.run()
	return q
}

// take gives t a chunk and lists it as dirty. It is nil once the queue is
// closed, and if there is no room.
func (q *queue) take(t *trace) *chunk {
	c := newChunk(t.base)
	if !c.open(&q.budget) {
		return nil
	}
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		c.free(&q.budget)
		return nil
	}
	q.dirty.push(t)
	start := q.tickSoon()
	q.mu.Unlock()
	if start {
		q.timer.Reset(q.limits.FlushInterval)
	}
	return c
}

// refuse counts a record that there was no room for.
func (q *queue) refuse(base header.ID, kind record.Phase) {
	q.mu.Lock()
	q.count.recorded++
	if q.closed {
		q.count.dropped.Closed++
		q.mu.Unlock()
		return
	}
	q.seq++
	q.count.add(kind)
	q.count.dropped.QueueFull++
	q.mu.Unlock()
	q.losses.add(base, 1)
}

// handOver takes c from t, which may have another chunk by now.
func (q *queue) handOver(t *trace, c *chunk) {
	c.close(&q.budget)
	live := c.live()
	q.mu.Lock()
	if t.chunk == nil {
		q.dirty.remove(t)
	}
	if live == 0 || q.settled {
		q.count.recorded += uint64(live)
		q.count.dropped.Closed += uint64(live)
		q.mu.Unlock()
		c.free(&q.budget)
		return
	}
	c.seq = q.seq + 1
	q.seq += uint64(live)
	q.count.addAll(c)
	q.waiting.push(c)
	complete := q.waiting.events >= q.limits.BatchEvents
	start := q.tickSoon()
	q.mu.Unlock()
	if complete {
		q.signal()
	}
	if start {
		q.timer.Reset(q.limits.FlushInterval)
	}
}

// tickSoon says whether the caller has to start the timer.
func (q *queue) tickSoon() bool {
	start := !q.ticking && !q.closed
	q.ticking = q.ticking || start
	return start
}

// tick runs when the flush interval is over.
func (q *queue) tick() {
	q.mu.Lock()
	q.ticking = false
	q.mu.Unlock()
	q.gather()
}

// gather has every trace hand over what it has gathered, has that delivered even if
// it does not fill a batch, and returns the number of the last record.
func (q *queue) gather() uint64 {
	q.flushDirty()
	q.mu.Lock()
	last := q.seq
	q.due = max(q.due, last)
	q.mu.Unlock()
	q.signal()
	return last
}

// flushDirty has every trace that is dirty now hand over its chunk.
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

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
