package profiler

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// patience is how long Flush and Close wait if their context has no deadline, and
// settleTimeout how long a sink may take to return after its context has ended.
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

// flush hands over all chunks itself, since the delivering goroutines may be
// waiting for their sinks, and then waits for them to deliver.
func (q *queue) flush(ctx context.Context) error {
	q.flushDirty()
	last := make([]uint64, len(q.outlets))
	for i, o := range q.outlets {
		last[i] = o.hurry()
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	var waiting uint64
	for i, o := range q.outlets {
		waiting += o.flush(ctx, last[i])
	}
	if waiting > 0 {
		return fmt.Errorf("profiler: flushed, but %d records still wait for the store: %w", waiting, ctx.Err())
	}
	return nil
}

// flush waits until no record up to number last waits, or ctx ends, and returns
// how many still do.
func (o *outlet) flush(ctx context.Context, last uint64) uint64 {
	for {
		waiting, progress := o.unsettled(last)
		if waiting == 0 {
			return 0
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return waiting
		}
	}
}

// unsettled returns how many records up to number last are neither stored nor
// dropped, counted in whole batches, and a channel that is closed when there may
// be fewer.
func (o *outlet) unsettled(last uint64) (uint64, <-chan struct{}) {
	o.q.mu.Lock()
	defer o.q.mu.Unlock()
	oldest := o.oldest
	if o.waiting.events > 0 && (oldest == 0 || oldest > o.waiting.first().seq) {
		oldest = o.waiting.first().seq
	}
	if oldest == 0 || oldest > last {
		return 0, nil
	}
	if o.progress == nil {
		o.progress = make(chan struct{})
	}
	return last - oldest + 1, o.progress
}

// tellProgress is called with queue.mu held.
func (o *outlet) tellProgress() {
	if o.progress != nil {
		close(o.progress)
		o.progress = nil
	}
}

func (q *queue) close(ctx context.Context) error {
	q.closes.Do(q.end)
	ctx, cancel := withPatience(ctx)
	defer cancel()
	for _, o := range q.outlets {
		select {
		case <-o.done:
		case <-ctx.Done():
			o.cancel()
		}
	}
	giveUp, cancel := context.WithTimeout(context.Background(), settleTimeout)
	defer cancel()
	var undelivered, unconfirmed uint64
	for _, o := range q.outlets {
		select {
		case <-o.done:
		case <-giveUp.Done():
			o.settle() // the sink ignores its context
		}
		o.cancel()
		d := o.delivery()
		undelivered, unconfirmed = undelivered+d.Dropped.Undelivered, unconfirmed+d.Unconfirmed
	}
	if undelivered+unconfirmed > 0 {
		return fmt.Errorf("profiler: closed with %d records not delivered and %d unconfirmed", undelivered, unconfirmed)
	}
	return nil
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// end hands over everything recorded and tells the outlets to deliver it and end.
func (q *queue) end() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.timer.Stop()
	q.flushDirty()
	for _, o := range q.outlets {
		q.mu.Lock()
		o.due = math.MaxUint64
		o.losses.endAll()
		q.mu.Unlock()
		close(o.closing)
	}
}

// settle makes the accounts final: waiting records count as undelivered, records in
// flight as unconfirmed. It logs the losses.
func (o *outlet) settle() {
	o.q.flushDirty()
	if !o.settleAccounts() {
		return
	}
	o.tellDrops(true)
	if d := o.delivery(); d.Dropped.Undelivered+d.Unconfirmed > 0 {
		o.log(slog.LevelWarn, "sonde: closed before the sink had taken all trace records",
			"undelivered", d.Dropped.Undelivered, "unconfirmed", d.Unconfirmed)
	}
}

// settleAccounts returns false if they are final already.
func (o *outlet) settleAccounts() bool {
	o.q.mu.Lock()
	defer o.q.mu.Unlock()
	if o.settled {
		return false
	}
	o.settled = true
	o.count.Dropped.Undelivered += uint64(o.waiting.events)
	o.count.Unconfirmed += uint64(o.inFlight)
	for o.waiting.events > 0 {
		o.waiting.pop().free(&o.budget)
	}
	o.inFlight, o.oldest = 0, 0
	o.tellProgress()
	return true
}
