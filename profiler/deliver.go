package profiler

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// The queue waits between two attempts to send a batch, twice as long each time.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// run is the goroutine that feeds the sink. It ends when everything that Close has
// handed over is delivered, or when Close gives up.
func (o *outlet) run() {
	defer close(o.done)
	defer o.settle()
	var b batch
	ending := false
	for o.ctx.Err() == nil {
		if o.fill(&b) {
			o.deliver(&b)
			continue
		}
		if ending {
			break
		}
		ending = o.await()
	}
	o.endOutage(true)
}

// deliver gives b to the sink, at most BatchEvents records at once.
func (o *outlet) deliver(b *batch) {
	for events := b.events; len(events) > 0; {
		n := min(len(events), o.limits.BatchEvents)
		o.send(events[:n])
		events = events[n:]
	}
	o.finish(b)
}

// send gives events to the sink until it has taken or rejected all of them, or
// until the queue gives up.
func (o *outlet) send(events []record.Event) {
	unsure := false
	for try := 0; len(events) > 0; try++ {
		if o.ctx.Err() != nil {
			o.giveUp(events, unsure)
			return
		}
		a := o.notify(events)
		if a.err == nil {
			o.account(&o.count.Acknowledged, len(events))
			o.takes()
			return
		}
		if kept := o.reject(events, a); len(kept) < len(events) {
			events, unsure = kept, true // the store may have taken the others
			continue
		}
		unsure = unsure || !a.notSent
		o.fails(len(events), a.err)
		if o.pause(try) {
			o.q.mu.Lock()
			o.count.Retries++
			o.q.mu.Unlock()
		}
	}
}

// answer is what the sink says about a batch.
type answer struct {
	err      error // nil: all is stored
	rejected *record.RejectedError
	notSent  bool
}

// notify calls the sink. A sink that panics has failed, and so has one whose error
// panics when it is examined.
func (o *outlet) notify(events []record.Event) (a answer) {
	ctx, cancel := context.WithTimeout(o.ctx, o.limits.NotifyTimeout)
	defer cancel()
	returned := false
	defer func() {
		if v := recover(); !returned {
			a = answer{err: fmt.Errorf("the sink panicked: %s", safeText(v))}
		}
	}()
	if a.err = o.sink.Notify(ctx, events); a.err != nil {
		errors.As(a.err, &a.rejected)
		a.notSent = errors.Is(a.err, record.ErrNotSent)
	}
	returned = true
	return a
}

// reject drops the events that the sink will never accept and returns the rest: all
// of them if its answer names none.
func (o *outlet) reject(events []record.Event, a answer) []record.Event {
	if a.rejected == nil {
		return events
	}
	indexes := a.rejected.Indexes
	kept, next := events[:0], 0
	for i := range events {
		for next < len(indexes) && indexes[next] < i {
			next++
		}
		if next < len(indexes) && indexes[next] == i {
			o.lose(&events[i], a.err)
			continue
		}
		kept = append(kept, events[i])
	}
	if dropped := len(events) - len(kept); dropped > 0 {
		o.account(&o.count.Dropped.Rejected, dropped)
		o.q.tickLater()
	}
	return kept
}

// lose remembers an event that the sink has rejected with err, and the losses that
// it was to report. The loss of a "sonde_lost" point itself is reported nowhere.
func (o *outlet) lose(e *record.Event, err error) {
	at := e.Time()
	told := func(name string) uint64 {
		n, _ := strconv.ParseUint(string(jsontext.Get(e.Info(), "sonde", name)), 10, 64)
		return n
	}
	lost := loss{n: told("lost") + 1, numbered: told("lost_numbered") + 1, from: at, to: at}
	o.q.mu.Lock()
	defer o.q.mu.Unlock()
	o.rejected.n++
	o.rejected.err = err
	if e.Name() != lostName {
		o.losses.add(e.Trace(), lost)
	}
}

// giveUp accounts for events that will not be sent again.
func (o *outlet) giveUp(events []record.Event, unsure bool) {
	if unsure {
		o.account(&o.count.Unconfirmed, len(events))
	} else {
		o.account(&o.count.Dropped.Undelivered, len(events))
	}
}

// pause waits before the next attempt, and reports whether there is to be one.
// Close cuts it short, and so does Close giving up.
func (o *outlet) pause(try int) bool {
	d := maxPause
	if try < 6 {
		d = min(d, firstPause<<try)
	}
	closing := o.closing
	select {
	case <-closing:
		d, closing = firstPause, nil
	default:
	}
	timer := time.NewTimer(d/2 + rand.N(d/2))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closing:
	case <-o.ctx.Done():
	}
	return o.ctx.Err() == nil
}
