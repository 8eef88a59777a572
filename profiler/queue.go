package profiler

import (
	"context"
	"log/slog"
	"sync"
)

// queue stands between traced code and the sink. Traced code hands chunks over
// and never waits; one goroutine (run, in deliver.go) takes them to the sink.
type queue struct {
	sink   Sink
	limits QueueConfig
	logger *slog.Logger
	proto  Event // what all events of the Service have in common
	losses losses

	mu         sync.Mutex
	dirty      trace  // ring of the traces whose chunk waits to be flushed by age
	head, tail *chunk // handed over, oldest first
	events     int    // in head … tail
	bytes      int
	seq        uint64
	count      counters
	ticking    bool // the goroutine knows that something waits
	hurry      bool // the goroutine knows that a batch is complete
	closed     bool
	settled    bool // the accounts are final, see settle
	inFlight   int  // records given to the sink and not accounted for

	wake    chan struct{}      // something waits, or a batch is complete
	flushes chan chan struct{} // asked to deliver all; closed when done
	closing chan struct{}      // deliver all and end
	closes  sync.Once
	done    chan struct{}      // the goroutine has ended
	ctx     context.Context    // of the calls to the sink
	cancel  context.CancelFunc // ends them
}

func newQueue(c Config, proto Event) *queue {
	q := &queue{
		sink: c.Sink, limits: c.Queue, logger: c.Logger, proto: proto,
		wake:    make(chan struct{}, 1),
		flushes: make(chan chan struct{}),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
	}
	q.dirty.prev, q.dirty.next = &q.dirty, &q.dirty
	q.ctx, q.cancel = context.WithCancel(context.Background())
	go q.run()
	return q
}

// take gives t a chunk and lists it as dirty; nil once the queue is closed.
func (q *queue) take(t *trace) *chunk {
	q.mu.Lock()
	if q.closed {
		q.count.recorded++
		q.count.dropped.Closed++
		q.mu.Unlock()
		return nil
	}
	wake := q.link(t)
	q.mu.Unlock()
	if wake {
		q.signal()
	}
	return newChunk(t.base)
}

// adopt lists t as dirty again, with a chunk that it has already.
func (q *queue) adopt(t *trace) {
	q.mu.Lock()
	wake := q.link(t)
	q.mu.Unlock()
	if wake {
		q.signal()
	}
}

func (q *queue) link(t *trace) (wake bool) {
	t.prev, t.next = q.dirty.prev, &q.dirty
	t.prev.next, t.next.prev = t, t
	wake = !q.ticking
	q.ticking = true
	return wake
}

// handOver takes t's chunk into the queue, or drops it for lack of room.
func (q *queue) handOver(t *trace, c *chunk) {
	q.mu.Lock()
	t.prev.next, t.next.prev = t.next, t.prev
	t.prev, t.next = nil, nil
	live := c.live()
	if live == 0 {
		q.mu.Unlock()
		c.free()
		return
	}
	c.seq = q.seq + 1
	q.seq += uint64(live)
	q.count.add(c, live)
	size := c.size()
	if q.settled || q.events+live > q.limits.MaxEvents || q.bytes+size > q.limits.MaxBytes {
		if q.settled {
			q.count.dropped.Closed += uint64(live)
		} else {
			q.count.dropped.QueueFull += uint64(live)
		}
		q.mu.Unlock()
		q.losses.add(c.base, uint64(live)+c.lost)
		c.free()
		return
	}
	if q.tail == nil {
		q.head = c
	} else {
		q.tail.next = c
	}
	q.tail = c
	q.events += live
	q.bytes += size
	wake := !q.ticking || q.events >= q.limits.BatchEvents && !q.hurry
	q.ticking = true
	q.hurry = q.hurry || q.events >= q.limits.BatchEvents
	q.mu.Unlock()
	if wake {
		q.signal()
	}
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// flushDirty has every trace hand over what it has gathered.
func (q *queue) flushDirty(spare []*trace) []*trace {
	spare = spare[:0]
	q.mu.Lock()
	for t := q.dirty.next; t != &q.dirty; t = t.next {
		spare = append(spare, t)
	}
	q.mu.Unlock()
	for _, t := range spare {
		t.flush()
	}
	clear(spare)
	return spare
}
