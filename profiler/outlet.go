package profiler

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// outlet delivers what the queue is given to one sink. The only thing shared with
// other sinks are the chunks, which nobody changes once they are handed over, so
// the losses of a sink that is slow or down are its own. Fields that newOutlet does
// not set are guarded by queue.mu, unless they say otherwise.
type outlet struct {
	q      *queue
	name   string // for the log and for Stats
	sink   record.Sink
	limits QueueConfig
	enough int           // records that are worth waking the goroutine for
	source record.Source // of all its events
	budget budget

	waiting  fifo
	losses   losses
	full     drops
	rejected drops
	seq      uint64 // of the last record handed over or refused
	tellers  uint64 // points that were made to tell a loss
	due      uint64 // records up to this number are delivered even if their batch is not full
	count    Delivery
	settled  bool          // the accounts are final, see settle
	inFlight int           // records given to the sink and not yet accounted for
	oldest   uint64        // the first of the batch in flight, 0 if there is none
	progress chan struct{} // closed when a batch is done; nil unless somebody waits

	outage outage // of the goroutine

	wake    chan struct{}      // something is due, or enough waits
	closing chan struct{}      // all is handed over: deliver it and end
	done    chan struct{}      // the goroutine has ended
	ctx     context.Context    // of the calls to the sink
	cancel  context.CancelFunc // ends them
}

// wakeBatches is how many batches must be complete before the goroutine is woken for
// them: in a virtual machine waking it takes as long as encoding tens of records.
const wakeBatches = 4

func newOutlet(q *queue, d Destination, source record.Source) *outlet {
	source.Producer = rand.Uint64()
	o := &outlet{
		q: q, name: sinkName(d.Sink), sink: d.Sink, limits: d.Queue, source: source,
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
	}
	if o.enough = wakeBatches * o.limits.BatchEvents; o.limits.BatchEvents == 1 {
		o.enough = 1
	}
	o.budget.init(d.Queue.MaxBytes, d.Queue.MaxEvents)
	o.ctx, o.cancel = context.WithCancel(context.Background())
	return o
}

// sinkName is the URL of a store, without its secrets, or the type of any other
// sink.
func sinkName(sink record.Sink) string {
	if s, ok := sink.(interface{ URL() string }); ok {
		return s.URL()
	}
	return fmt.Sprintf("%T", sink)
}

// accept takes c, or counts the reason for not taking it. It reports whether the
// goroutine has to be woken.
func (o *outlet) accept(c *chunk, live int) bool {
	switch {
	case live == 0:
	case o.settled:
		o.count.Recorded += uint64(live)
		o.count.Dropped.Closed += uint64(live)
	case len(o.q.outlets) > 1 && o.budget.over(): // another sink had room
		o.count.addAll(c)
		o.seq += uint64(live)
		o.drop(c.base, loss{n: uint64(live), numbered: uint64(live)}, c.recs[0].time, c.recs[len(c.recs)-1].time)
	default:
		o.push(c, live)
		n := o.waiting.events
		return n >= o.enough || n >= o.limits.BatchEvents && !o.budget.easy()
	}
	if c.last {
		o.losses.end(c.base, o.seq)
	}
	c.free(&o.budget)
	return false
}

// push appends c to the fifo.
func (o *outlet) push(c *chunk, live int) {
	o.waiting.push(parcel{chunk: c, seq: o.seq + 1})
	o.seq += uint64(live)
	o.count.addAll(c)
}

// refuse counts a record for which there was no room; over says that its trace has
// ended with it.
func (o *outlet) refuse(base header.ID, kind record.Phase, at int64, over bool) {
	o.count.Recorded++
	if o.q.closed {
		o.count.Dropped.Closed++
		return
	}
	o.seq++
	o.count.add(kind)
	o.drop(base, loss{n: 1}, at, at)
	if over {
		o.losses.end(base, o.seq)
	}
}

// drop counts records for which there was no room, made between two times.
func (o *outlet) drop(base header.ID, l loss, first, last int64) {
	o.count.Dropped.QueueFull += l.n
	o.full.n += l.n
	l.from, l.to = min(first, last), max(first, last)
	o.losses.add(base, l)
}

// hurry makes everything handed over due, even if it does not fill a batch, and
// returns the number of the last record.
func (o *outlet) hurry() uint64 {
	o.q.mu.Lock()
	last := o.seq
	o.due = max(o.due, last)
	o.q.mu.Unlock()
	o.signal()
	return last
}

func (o *outlet) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// account moves n records in flight to a counter, unless the accounts are
// final.
func (o *outlet) account(counter *uint64, n int) {
	o.q.mu.Lock()
	defer o.q.mu.Unlock()
	if !o.settled {
		*counter += uint64(n)
		o.inFlight -= n
	}
}

// log calls the user's logger, whose panics must not end the program.
func (o *outlet) log(level slog.Level, msg string, args ...any) {
	defer func() { _ = recover() }()
	o.q.logger.Log(context.Background(), level, msg, append(args, "sink", o.name)...)
}
