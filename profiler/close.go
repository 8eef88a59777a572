package profiler

import (
	"context"
	"fmt"
	"math"
	"time"
)

// patience is how long Flush and Close wait if their context has no deadline,
// settleTimeout how long a sink may take to return once its context is over.
const (
	patience      = 10 * time.Second
	settleTimeout = time.Second
)

func withPatience(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, patience)
}

// flush hands over, whatever the goroutine that delivers is waiting for, and
// then waits for it.
func (q *queue) flush(ctx context.Context) error {
	last := q.gather()
	ctx, cancel := withPatience(ctx)
	defer cancel()
	for {
		waiting, progress := q.unsettled(last)
		if waiting == 0 {
			return nil
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return fmt.Errorf("profiler: flushed, but %d records still wait for the store: %w", waiting, ctx.Err())
		}
	}
}

// unsettled is how many records up to number last are neither stored nor
// dropped, as far as batches tell, and what is closed when there may be fewer.
func (q *queue) unsettled(last uint64) (uint64, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	oldest := q.oldest
	if oldest == 0 && q.waiting.head != nil {
		oldest = q.waiting.head.seq
	}
	if oldest == 0 || oldest > last {
		return 0, nil
	}
	if q.progress == nil {
		q.progress = make(chan struct{})
	}
	return last - oldest + 1, q.progress
}

// tellProgress is called with mu held.
func (q *queue) tellProgress() {
	if q.progress != nil {
		close(q.progress)
		q.progress = nil
	}
}

func (q *queue) close(ctx context.Context) error {
	q.closes.Do(func() {
		q.mu.Lock()
		q.closed = true
		q.mu.Unlock()
		q.timer.Stop()
		q.flushDirty()
		q.mu.Lock()
		q.due = math.MaxUint64
		q.mu.Unlock()
		close(q.closing)
	})
	ctx, cancel := withPatience(ctx)
	defer cancel()
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
	q.flushDirty()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.settled {
		return
	}
	q.settled = true
	q.count.dropped.Undelivered += uint64(q.waiting.events)
	q.count.unconfirmed += uint64(q.inFlight)
	for q.waiting.head != nil {
		q.waiting.pop().free(&q.budget)
	}
	q.inFlight, q.oldest = 0, 0
	q.tellProgress()
}
