package profiler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/sonde-go/sonde/record"
)

// Between two tries of a batch the queue waits, twice as long each time.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// run is the goroutine that feeds the sink. It ends when Close has had all
// handed over and all is delivered, or when Close gives up.
func (q *queue) run() {
	defer close(q.done)
	defer q.settle()
	var b batch
	ending := false
	for q.ctx.Err() == nil {
		if q.fill(&b) {
			q.deliver(&b)
			continue
		}
		if ending {
			return
		}
		select {
		case <-q.wake:
		case <-q.closing:
			ending = true
		}
	}
}

// deliver gives b to the sink, at most BatchEvents records at once.
func (q *queue) deliver(b *batch) {
	for events := b.events; len(events) > 0; {
		n := min(len(events), q.limits.BatchEvents)
		q.send(events[:n])
		events = events[n:]
	}
	q.finish(b)
}

// send gives events to the sink until it has taken or rejected all of them, or
// until the queue gives up.
func (q *queue) send(events []record.Event) {
	unsure, failing := false, false
	for try := 0; len(events) > 0; try++ {
		if q.ctx.Err() != nil {
			q.giveUp(events, unsure)
			return
		}
		a := q.notify(events)
		if a.err == nil {
			q.account(&q.count.acknowledged, len(events))
			break
		}
		if kept := q.reject(events, a); len(kept) < len(events) {
			events, unsure = kept, true // the store may have taken the others
			continue
		}
		unsure = unsure || !a.notSent
		if !failing {
			failing = true
			q.log(slog.LevelWarn, "sonde: the store does not take trace records; they wait and are sent again", "error", a.err, "waiting", len(events))
		}
		if q.pause(try) {
			q.mu.Lock()
			q.count.retries++
			q.mu.Unlock()
		}
	}
	if failing {
		q.log(slog.LevelInfo, "sonde: the store takes trace records again")
	}
}

// answer is what the sink says of a batch.
type answer struct {
	err      error // nil: all is stored
	rejected *record.RejectedError
	notSent  bool
}

// notify calls the sink. One that panics has failed; so has one whose error
// panics when it is asked what it is.
func (q *queue) notify(events []record.Event) (a answer) {
	ctx, cancel := context.WithTimeout(q.ctx, q.limits.NotifyTimeout)
	defer cancel()
	returned := false
	defer func() {
		if v := recover(); !returned {
			a = answer{err: fmt.Errorf("the sink panicked: %s", safeText(v))}
		}
	}()
	if a.err = q.sink.Notify(ctx, events); a.err != nil {
		errors.As(a.err, &a.rejected)
		a.notSent = errors.Is(a.err, record.ErrNotSent)
	}
	returned = true
	return a
}

// log tells the user's logger, which must not end the program.
func (q *queue) log(level slog.Level, msg string, args ...any) {
	defer func() { _ = recover() }()
	q.logger.Log(context.Background(), level, msg, args...)
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

// reject drops what the sink will never take and returns the rest: all of
// events if its answer names none of them.
func (q *queue) reject(events []record.Event, a answer) []record.Event {
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
			q.losses.add(events[i].Trace(), 1)
			continue
		}
		kept = append(kept, events[i])
	}
	if dropped := len(events) - len(kept); dropped > 0 {
		q.account(&q.count.dropped.Rejected, dropped)
		q.log(slog.LevelWarn, "sonde: the store rejects trace records; they are dropped", "error", a.err, "records", dropped)
	}
	return kept
}

// giveUp accounts for events that will not be sent again.
func (q *queue) giveUp(events []record.Event, unsure bool) {
	if unsure {
		q.account(&q.count.unconfirmed, len(events))
	} else {
		q.account(&q.count.dropped.Undelivered, len(events))
	}
}

// pause waits before the next try, and says whether there is one. Close ends
// it, since time is short then, and so does its giving up.
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
	case <-closing:
	case <-q.ctx.Done():
	}
	return q.ctx.Err() == nil
}
