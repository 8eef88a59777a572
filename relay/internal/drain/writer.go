package drain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

const (
	// maxBatch is how many records are written at once, those of one message apart.
	maxBatch = 512
	// notifyFor is how long one write may take. The stores have limits of their own
	// for each exchange.
	notifyFor = time.Minute
	// giveUpAfter is how often a store may fail with one message alone, each time while
	// it has taken others since, until its records are put aside.
	giveUpAfter = 5
)

// writer takes messages to one store.
type writer struct {
	d     *Drain
	bit   stores
	store *drivers.Store
	wake  chan struct{}

	// Guarded by Drain.mu.
	queue   []*delivery
	failing bool

	most  int    // records in the next batch: fewer after a failure
	taken uint64 // batches that were stored
	tries int    // that failed one after the other
}

// failures are how often a store has failed with a message.
type failures struct {
	n     int
	taken uint64 // by the writer, when it last failed
}

// run is the writer's goroutine.
func (w *writer) run(ctx context.Context) {
	for ctx.Err() == nil {
		batch := w.next()
		if len(batch) == 0 {
			select {
			case <-w.wake:
			case <-ctx.Done():
			}
			continue
		}
		err := w.write(ctx, batch)
		if ctx.Err() != nil {
			return
		}
		if w.settle(batch, err) {
			wait(ctx, min(w.d.c.pause<<min(w.tries-1, 10), maxPause))
		}
	}
}

// settle says what became of a batch, and reports whether the store is to be left alone
// for a while.
func (w *writer) settle(batch []*delivery, err error) (pause bool) {
	d := w.d
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, dl := range batch {
		dl.busy--
	}
	switch {
	case err == nil:
		if w.failing {
			d.c.Log.Info("the store takes records again", "store", w.store.URL())
		}
		w.failing, w.tries = false, 0
		w.taken++
		w.most = min(2*w.most, maxBatch)
		for _, dl := range batch {
			w.stored(dl)
		}
		return false
	case errors.Is(err, errLost), errors.Is(err, errRejected):
		w.queue = append(batch, w.queue...)
		return false
	}
	w.tries++
	if !w.failing {
		w.failing = true
		d.c.Log.Warn("the store takes no records; they wait and are written again", "store", w.store.URL(), "error", err)
		signal(d.room) // there may be something to be parked
	}
	if len(batch) > 1 {
		records := 0
		for _, dl := range batch {
			records += len(dl.Events)
		}
		w.most = max(records/2, 1)
		w.queue = append(batch, w.queue...)
	} else if !w.hopeless(batch[0], err) {
		w.queue = append(w.queue, batch[0]) // others may fare better
	}
	return true
}

// stored says that the store needs no more of a message. The caller holds mu.
func (w *writer) stored(dl *delivery) {
	dl.missing &^= w.bit
	dl.unsure &^= w.bit
	if dl.gone { // too late: what is known of it was remembered without this store
		w.d.written.put(dl.id, w.bit)
		return
	}
	w.d.finish(dl)
}

// hopeless has a message's records put aside if the store keeps failing with them and
// takes others. The caller holds mu.
func (w *writer) hopeless(dl *delivery, err error) bool {
	if dl.gone {
		return true
	}
	if dl.failed == nil {
		dl.failed = map[stores]*failures{}
	}
	f := dl.failed[w.bit]
	switch {
	case f == nil:
		dl.failed[w.bit] = &failures{1, w.taken}
		return false
	case f.taken == w.taken: // nothing else was tried, or nothing is taken
		return false
	}
	f.n, f.taken = f.n+1, w.taken
	if f.n < giveUpAfter {
		return false
	}
	reason := fmt.Sprintf("the store takes others, and failed with this message %d times: %v", f.n, err)
	var bad []spool.Bad
	for n := range dl.Events {
		if !dl.refused[item{w.bit, n}] {
			bad = append(bad, w.bad(dl, n, reason))
		}
	}
	w.d.toQuarantine(dl, bad)
	w.stored(dl)
	return true
}

// next takes the next messages from the queue.
func (w *writer) next() (batch []*delivery) {
	d := w.d
	d.mu.Lock()
	defer d.mu.Unlock()
	records, taken := 0, 0
	for _, dl := range w.queue {
		if d.ours(dl) {
			if records += len(dl.Events); len(batch) > 0 && records > w.most {
				break
			}
			dl.busy++
			batch = append(batch, dl)
		}
		taken++
	}
	clear(w.queue[:taken])
	if w.queue = w.queue[taken:]; len(w.queue) == 0 {
		w.queue = nil
	}
	return batch
}

// place is where a record of a batch is from.
type place struct {
	of *delivery
	n  int // in its message
}

// write writes what the store has not yet. An error is about the whole batch; what
// the store rejects is on its way to the quarantine.
func (w *writer) write(ctx context.Context, batch []*delivery) error {
	have, err := w.have(ctx, batch)
	if err != nil {
		return fmt.Errorf("reading what it has: %w", err)
	}
	events, places, present := w.missing(batch, have)
	if len(events) > 0 {
		if !w.still(batch) {
			return errLost
		}
		err = w.notify(ctx, events)
	}
	var rejected *record.RejectedError
	switch {
	case err == nil:
		w.count(func(s *StoreStats) {
			s.Stored += uint64(len(events))
			s.Present += uint64(present)
		})
		return nil
	case errors.As(err, &rejected) && len(rejected.Indexes) > 0:
		w.doubt(batch) // the others may be stored
		w.reject(rejected.Indexes, places, err)
		return errRejected
	case !errors.Is(err, record.ErrNotSent):
		w.doubt(batch)
	}
	return err
}

// missing returns the records of a batch that the store has not, has not refused, and
// how many it has.
func (w *writer) missing(batch []*delivery, have map[identity]bool) (events []record.Event, places []place, present int) {
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	total := 0
	for _, dl := range batch {
		total += len(dl.Events)
	}
	events, places = make([]record.Event, 0, total), make([]place, 0, total)
	for _, dl := range batch {
		check := dl.unsure&w.bit != 0
		for i := range dl.Events {
			switch {
			case dl.refused[item{w.bit, i}]:
			case check && have[identityOf(&dl.Events[i])]:
				present++
			default:
				events, places = append(events, dl.Events[i]), append(places, place{dl, i})
			}
		}
	}
	return events, places, present
}

// errLost says that a message of a batch was lost while others were written, and
// errRejected that some records are on their way to the quarantine: the rest is
// written again.
var (
	errLost     = errors.New("a message is no longer held")
	errRejected = errors.New("rejected")
)

// have returns the records that the store has of the traces of which it may have some.
func (w *writer) have(ctx context.Context, batch []*delivery) (map[identity]bool, error) {
	var traces map[string]bool
	w.d.mu.Lock()
	for _, dl := range batch {
		if dl.unsure&w.bit != 0 {
			if traces == nil {
				traces = map[string]bool{}
			}
			traces[dl.Trace.String()] = true
		}
	}
	w.d.mu.Unlock()
	if traces == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, notifyFor)
	defer cancel()
	return present(ctx, w.store, traces)
}

// still reports whether all of a batch is held by this drain.
func (w *writer) still(batch []*delivery) bool {
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	for _, dl := range batch {
		if !w.d.ours(dl) {
			return false
		}
	}
	return true
}

// doubt remembers that the store may have any part of a batch.
func (w *writer) doubt(batch []*delivery) {
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	for _, dl := range batch {
		dl.unsure |= w.bit
	}
}

func (w *writer) count(add func(*StoreStats)) {
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	for i := range w.d.writers {
		if w.d.writers[i] == w {
			add(&w.d.counts.Stores[i])
		}
	}
}

// notify calls the store. A driver that panics has failed.
func (w *writer) notify(ctx context.Context, events []record.Event) (err error) {
	ctx, cancel := context.WithTimeout(ctx, notifyFor)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the driver of %s panicked: %v", w.store.URL(), v)
		}
	}()
	return w.store.Notify(ctx, events)
}

// reject takes the records that the store will never take out of their messages, for
// this store, and to the quarantine.
func (w *writer) reject(indexes []int, places []place, why error) {
	d := w.d
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, i := range indexes {
		if i < 0 || i >= len(places) {
			continue
		}
		dl, n := places[i].of, places[i].n
		d.toQuarantine(dl, []spool.Bad{w.bad(dl, n, why.Error())})
		if dl.refused == nil {
			dl.refused = map[item]bool{}
		}
		dl.refused[item{w.bit, n}] = true
	}
}

func (w *writer) bad(dl *delivery, n int, reason string) spool.Bad {
	return spool.Bad{
		ID: badID(dl.id, w.store.URL(), n), Trace: dl.Trace.String(),
		Reason: reason, Source: w.store.URL(), Text: dl.Events[n].AppendJSON(nil),
	}
}
