package profiler

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Between two tries of a batch the queue waits, twice as long each time.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// closeTimeout is how long Close delivers if its context has no deadline, and
// settleTimeout how long a sink may take to return once its context is over.
const (
	closeTimeout  = 10 * time.Second
	settleTimeout = time.Second
)

// run is the goroutine that feeds the sink.
func (q *queue) run() {
	defer close(q.done)
	var b batch
	var spare []*trace
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	armed := false
	for {
		select {
		case <-q.wake:
			q.mu.Lock()
			hurry := q.hurry
			q.hurry = false
			q.mu.Unlock()
			if !armed {
				armed = true
				timer.Reset(q.limits.FlushInterval)
			}
			if hurry {
				q.deliverUntil(&b, q.limits.BatchEvents)
			}
		case <-timer.C:
			armed = false
			q.mu.Lock()
			q.ticking = false
			q.mu.Unlock()
			spare = q.deliverAll(&b, spare)
		case done := <-q.flushes:
			spare = q.deliverAll(&b, spare)
			close(done)
		case <-q.closing:
			q.deliverAll(&b, spare)
			q.settle()
			return
		}
	}
}

// deliverAll has every trace hand over what it has gathered and delivers all.
func (q *queue) deliverAll(b *batch, spare []*trace) []*trace {
	spare = q.flushDirty(spare)
	q.deliverUntil(b, 1)
	return spare
}

// deliverUntil delivers what waits now in batches of at least so many records.
// What comes meanwhile is left, so that a busy program does not keep the
// goroutine from its other duties.
func (q *queue) deliverUntil(b *batch, atLeast int) {
	q.mu.Lock()
	last := q.seq
	q.mu.Unlock()
	for q.ctx.Err() == nil && q.next(b, atLeast) {
		done := b.events[len(b.events)-1].Seq >= last
		q.deliver(b)
		if done {
			return
		}
	}
}

// batch is what one call of the sink gets. Its memory is used again and again;
// what all events have in common is written into each of them once.
type batch struct {
	chunks []*chunk
	all    []Event // filled with the common part
	events []Event // the beginning of all
}

// next fills b with the oldest records, if there are at least so many.
func (q *queue) next(b *batch, atLeast int) bool {
	b.chunks, b.events = b.chunks[:0], nil
	q.mu.Lock()
	if q.events < atLeast || q.head == nil {
		q.mu.Unlock()
		return false
	}
	n := 0
	for q.head != nil && (n == 0 || n+q.head.live() <= q.limits.BatchEvents) {
		c := q.head
		q.head = c.next
		if q.head == nil {
			q.tail = nil
		}
		n += c.live()
		q.bytes -= c.size()
		b.chunks = append(b.chunks, c)
	}
	q.events -= n
	q.inFlight = n
	q.mu.Unlock()
	for len(b.all) < n {
		b.all = append(b.all, q.proto)
	}
	b.events = b.all[:n]
	i := 0
	for _, c := range b.chunks {
		i += c.fill(b.events[i:])
	}
	return true
}

// fill writes the chunk's records into the first of events, of which only the
// common part is written, and returns how many.
func (c *chunk) fill(events []Event) int {
	n := 0
	for i := range c.recs {
		r := &c.recs[i]
		if r.dead {
			continue
		}
		e := &events[n]
		e.Name, e.Kind, e.Time, e.Seq = r.name, r.kind, r.time, c.seq+uint64(n)
		e.BaseID, e.ParentID, e.TraceID = c.base, r.parent, r.id
		e.Info = c.buf[r.from:r.to:r.to]
		n++
	}
	return n
}

// deliver gives b to the sink until the sink has taken or rejected all of it,
// or until the queue gives up.
func (q *queue) deliver(b *batch) {
	unsure, failing := false, false
	for try := 0; len(b.events) > 0; try++ {
		err := q.notify(b.events)
		if err == nil {
			q.account(&q.count.acknowledged, len(b.events))
			break
		}
		var rejected *RejectedError
		if errors.As(err, &rejected) && q.reject(b, rejected) {
			continue
		}
		unsure = unsure || !errors.Is(err, ErrNotSent)
		if !failing {
			failing = true
			q.logger.Warn("sonde: the store does not take trace records; they wait and are sent again", "error", err, "waiting", len(b.events))
		}
		if !q.pause(try) {
			q.giveUp(b, unsure)
			return
		}
		q.mu.Lock()
		q.count.retries++
		q.mu.Unlock()
	}
	if failing {
		q.logger.Info("sonde: the store takes trace records again")
	}
	for _, c := range b.chunks {
		c.free()
	}
	clear(b.chunks)
}

// notify calls the sink; a sink that panics has failed.
func (q *queue) notify(events []Event) (err error) {
	ctx, cancel := context.WithTimeout(q.ctx, q.limits.NotifyTimeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the sink panicked: %v", v)
		}
	}()
	return q.sink.Notify(ctx, events)
}

// account moves n records in flight to a counter, unless the accounts are
// final.
func (q *queue) account(counter *uint64, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.settled {
		*counter += uint64(n)
		q.inFlight -= n
	}
}

// reject drops from b what the sink will never take. It is false if the error
// names no event of the batch.
func (q *queue) reject(b *batch, err *RejectedError) bool {
	kept, next, n := b.events[:0], 0, len(b.events)
	for i := range b.events {
		for next < len(err.Indexes) && err.Indexes[next] < i {
			next++
		}
		if next < len(err.Indexes) && err.Indexes[next] == i {
			q.losses.add(b.events[i].BaseID, 1)
			continue
		}
		kept = append(kept, b.events[i])
	}
	b.events = kept
	dropped := n - len(kept)
	if dropped == 0 {
		return false
	}
	q.account(&q.count.dropped.Rejected, dropped)
	q.logger.Warn("sonde: the store rejects trace records; they are dropped", "error", err.Err, "records", dropped)
	return true
}

// giveUp accounts for a batch that will not be sent again.
func (q *queue) giveUp(b *batch, unsure bool) {
	if unsure {
		q.account(&q.count.unconfirmed, len(b.events))
	} else {
		q.account(&q.count.dropped.Undelivered, len(b.events))
	}
}

// pause waits before the next try. It is false if there is none, since the
// time for delivery after Close is over.
func (q *queue) pause(try int) bool {
	d := maxPause
	if try < 6 {
		d = min(d, firstPause<<try)
	}
	closing := q.closing
	select {
	case <-closing:
		d, closing = firstPause, nil
	default:
	}
	timer := time.NewTimer(d/2 + rand.N(d/2))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closing: // time is short now: try at once
	case <-q.ctx.Done():
	}
	return q.ctx.Err() == nil
}

func (q *queue) flush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case q.flushes <- done:
	case <-q.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-q.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) close(ctx context.Context) error {
	q.closes.Do(func() {
		q.mu.Lock()
		q.closed = true
		q.mu.Unlock()
		close(q.closing)
	})
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, closeTimeout)
		defer cancel()
	}
	select {
	case <-q.done:
	case <-ctx.Done():
		q.cancel()
		select {
		case <-q.done:
		case <-time.After(settleTimeout):
			q.settle() // the sink ignores its context
		}
	}
	q.cancel()
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := q.count.dropped.Undelivered; n+q.count.unconfirmed > 0 {
		return fmt.Errorf("profiler: closed with %d records not delivered and %d unconfirmed", n, q.count.unconfirmed)
	}
	return nil
}

// settle makes the accounts final: what waits is not delivered, what is in
// flight is unconfirmed.
func (q *queue) settle() {
	q.flushDirty(nil)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.settled {
		return
	}
	q.settled = true
	q.count.dropped.Undelivered += uint64(q.events)
	q.count.unconfirmed += uint64(q.inFlight)
	q.head, q.tail, q.events, q.bytes, q.inFlight = nil, nil, 0, 0, 0
}
