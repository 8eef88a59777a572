package drivers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/record"
)

// Query selects traces. The zero Query selects all.
type Query = driver.Query

// Trace is an entry in a list of traces.
type Trace = driver.Trace

// Cursor is a place in a list of traces, for [Query].
type Cursor = driver.Cursor

// Terms are what a [Store] promises.
type Terms = driver.Terms

// Op is an operation of a [Store], for [Store.Can] and [Error].
type Op = driver.Op

// The operations of a Store. Write is the only one that every store supports.
const (
	Read       = driver.Read       // Records
	ReadAll    = driver.ReadAll    // AllRecords
	List       = driver.List       // Traces
	ListErrors = driver.ListErrors // Traces with Query.ErrorsOnly
	Delete     = driver.Delete
	Prune      = driver.Prune
	Ping       = driver.Ping
)

// Store holds traces: it writes trace records and reads them back. [Open] makes
// one from a URL, [NewStore] from a driver. All methods are safe for concurrent
// use.
//
// Not every store supports every operation: [Store.Can] says which, and the other
// methods return an error that wraps [errors.ErrUnsupported]. All errors have the
// type [*Error].
//
// No method waits for ever: if the server leaves one exchange unanswered for
// [Options.SocketTimeout], the method fails with [ErrNoAnswer]. A method that needs
// many exchanges may take longer in total; use its context to limit that.
type Store struct {
	driver driver.Driver
	url    string

	mu      sync.Mutex
	closed  bool
	running int           // calls that are in the driver
	idle    chan struct{} // closed when there are none after closed

	life  context.Context // ends some time after Close
	end   context.CancelFunc
	close sync.Once
}

// closeGrace is how long Close lets calls continue, and how long it then waits for
// them to notice that their contexts have ended.
const closeGrace = time.Second

// NewStore makes a Store from a driver that was not made by [Open]. url names the
// store; it is redacted wherever it is shown.
func NewStore(url string, d driver.Driver) *Store {
	s := &Store{driver: d, url: Redact(url), idle: make(chan struct{})}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// URL returns the store's URL without its secrets; see [Redact].
func (s *Store) URL() string { return s.url }

// Driver returns the store's driver, for tests of the driver itself and for
// features that it alone has. Calls to it bypass the Store's checks.
func (s *Store) Driver() driver.Driver { return s.driver }

// Terms returns the guarantees of the store, or the zero Terms if its driver states
// none.
func (s *Store) Terms() Terms {
	if p, ok := s.driver.(driver.Promising); ok {
		return p.Terms()
	}
	return Terms{}
}

// Can reports whether the store supports an operation. It asks no server.
func (s *Store) Can(op Op) bool { return s.lacks(op) == nil }

// lacks returns the error for an operation that the driver lacks, or nil if it has
// it.
func (s *Store) lacks(op Op) error {
	why := ""
	if l, ok := s.driver.(driver.Limited); ok {
		why = l.Lacks(op)
	}
	has := true
	switch op {
	case Read:
		_, has = s.driver.(driver.Reader)
	case ReadAll:
		_, has = s.driver.(driver.BulkReader)
	case List, ListErrors:
		_, has = s.driver.(driver.Lister)
	case Delete:
		_, has = s.driver.(driver.Deleter)
	case Prune:
		_, has = s.driver.(driver.Pruner)
	case Ping:
		_, has = s.driver.(driver.Pinger)
	}
	if has && why == "" {
		return nil
	}
	return lacking(op, why)
}

// Notify writes records; see [record.Sink] for what its error says about them.
// Records are written at least once: a repeated one has the same (point, name) as
// the first, and readers ignore repeats.
func (s *Store) Notify(ctx context.Context, events []record.Event) error {
	c, err := s.begin(ctx, driver.Write)
	if err != nil {
		return s.failed(ctx, driver.Write, fmt.Errorf("%w: %w", record.ErrNotSent, err))
	}
	defer c.end()
	return s.failed(ctx, driver.Write, s.driver.Notify(c.ctx, events))
}

// Records yields the records of one trace in the store's order. A record that
// cannot be read is yielded as a [*record.BadRecordError] and the next one
// follows; any other error is the last thing yielded. An unknown base id yields
// nothing. A record is valid until the next one is asked for: [record.Record.Clone]
// keeps one longer.
func (s *Store) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		each(ctx, s, Read, yield, func(ctx context.Context) iter.Seq2[record.Record, error] {
			return s.driver.(driver.Reader).Records(ctx, baseID)
		})
	}
}

// AllRecords yields the records of all traces in the store's order, those of different
// traces mixed; errors are as those of Records. Only stores whose Records reads
// everything for one trace have it, such as a file: [Store.Can] says so.
func (s *Store) AllRecords(ctx context.Context) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		each(ctx, s, ReadAll, yield, func(ctx context.Context) iter.Seq2[record.Record, error] {
			return s.driver.(driver.BulkReader).AllRecords(ctx)
		})
	}
}

// Traces yields the traces that q selects, newest first; of those that began at the
// same time, the greatest id comes first. An error is the last thing yielded.
//
// To page, ask for the first page with a Limit alone, for the page after one with
// its last trace's [Trace.Cursor] as q.Before, and for the page before one with its
// first trace's as q.After. Traces that are added or removed meanwhile do not make
// others appear twice or be left out. Paging back reads all newer traces.
func (s *Store) Traces(ctx context.Context, q Query) iter.Seq2[Trace, error] {
	op := List
	if q.ErrorsOnly {
		op = ListErrors
	}
	return func(yield func(Trace, error) bool) {
		if err := cmp.Or(q.Before.Check(), q.After.Check()); err != nil {
			yield(Trace{}, s.failed(ctx, op, err))
			return
		}
		each(ctx, s, op, yield, func(ctx context.Context) iter.Seq2[Trace, error] {
			lister := s.driver.(driver.Lister)
			if q.After == "" || q.Limit <= 0 {
				return lister.Traces(ctx, q)
			}
			all := q
			all.Limit = 0
			return last(lister.Traces(ctx, all), q.Limit)
		})
	}
}

// last yields the last n of some traces.
func last(traces iter.Seq2[Trace, error], n int) iter.Seq2[Trace, error] {
	return func(yield func(Trace, error) bool) {
		var kept []Trace
		for t, err := range traces {
			if err != nil {
				yield(Trace{}, err)
				return
			}
			if kept = append(kept, t); len(kept) == 2*n {
				kept = append(kept[:0], kept[n:]...)
			}
		}
		for _, t := range kept[max(0, len(kept)-n):] {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// Delete removes every record of one trace. Removing an unknown trace is not an
// error.
func (s *Store) Delete(ctx context.Context, baseID string) error {
	c, err := s.begin(ctx, Delete)
	if err != nil {
		return s.failed(ctx, Delete, err)
	}
	defer c.end()
	return s.failed(ctx, Delete, s.driver.(driver.Deleter).Delete(c.ctx, baseID))
}

// Prune removes the traces whose last record is older than olderThan. It returns
// how many it has removed, even if it fails.
func (s *Store) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	c, err := s.begin(ctx, Prune)
	if err != nil {
		return 0, s.failed(ctx, Prune, err)
	}
	defer c.end()
	n, err := s.driver.(driver.Pruner).Prune(c.ctx, olderThan)
	return n, s.failed(ctx, Prune, err)
}

// Ping checks that the store answers.
func (s *Store) Ping(ctx context.Context) error {
	c, err := s.begin(ctx, Ping)
	if err != nil {
		return s.failed(ctx, Ping, err)
	}
	defer c.end()
	return s.failed(ctx, Ping, s.driver.(driver.Pinger).Ping(c.ctx))
}

// Close releases what the store holds. Some stores send their last records then,
// and the error says what was lost. Calls in progress have a second to finish.
// Closing again does nothing and returns nil.
func (s *Store) Close() (err error) {
	s.close.Do(func() {
		s.mu.Lock()
		s.closed = true
		if s.running == 0 {
			close(s.idle)
		}
		s.mu.Unlock()
		s.wait(closeGrace)
		s.end()
		s.wait(closeGrace)
		if err = s.driver.Close(); err != nil {
			err = &Error{Op: driver.Close, URL: s.url, Err: err}
		}
	})
	return err
}

// wait waits for the calls that are running, but not longer than d.
func (s *Store) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.idle:
	case <-timer.C:
	}
}

// failed turns the error of a call into the error that a method returns.
func (s *Store) failed(ctx context.Context, op Op, err error) error {
	if err == nil {
		return nil
	}
	s.mu.Lock()
	reason := s.unusable(ctx)
	s.mu.Unlock()
	if reason != nil && !errors.Is(err, reason) && !errors.Is(err, errors.ErrUnsupported) {
		err = fmt.Errorf("%w: %w", reason, err)
	}
	return &Error{Op: op, URL: s.url, Err: err}
}

// unusable returns why no call may begin or continue, if so. The caller holds mu.
func (s *Store) unusable(ctx context.Context) error {
	if s.closed {
		return ErrClosed
	}
	return ctx.Err()
}
