package drivers

import (
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

// Trace is a line of a list of traces.
type Trace = driver.Trace

// Op is an operation of a [Store], for [Store.Can] and [Error].
type Op = driver.Op

// What a Store may be able to do. Every one can be written to.
const (
	Read       = driver.Read       // Records
	List       = driver.List       // Traces
	ListErrors = driver.ListErrors // Traces with Query.ErrorsOnly
	Delete     = driver.Delete
	Prune      = driver.Prune
	Ping       = driver.Ping
)

// Store holds traces: it writes trace records and reads them back. [Open] makes
// one of a URL, [NewStore] of a driver. All its methods are safe for concurrent
// use.
//
// Not every store can do everything; [Store.Can] tells, and a method that a
// store lacks returns an error that wraps [errors.ErrUnsupported]. All errors
// are of the type [*Error].
//
// No method waits for ever: a server that leaves one exchange without an answer
// for [Options.SocketTimeout] makes it fail with [ErrNoAnswer]. A method that
// needs many exchanges may take longer as a whole; its context bounds that.
type Store struct {
	driver driver.Driver
	url    string

	mu      sync.Mutex
	closed  bool
	running int           // calls that the driver has to do with
	idle    chan struct{} // closed when there are none after closed

	life  context.Context // ends some time after Close
	end   context.CancelFunc
	close sync.Once
}

// closeGrace is how long Close lets calls go on, and how long it then waits for
// them to heed their contexts.
const closeGrace = time.Second

// NewStore makes a Store of a driver that was not made by [Open]. The URL, of
// which errors show no secret, names the store.
func NewStore(url string, d driver.Driver) *Store {
	s := &Store{driver: d, url: Redact(url), idle: make(chan struct{})}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// URL is where the store is, without its secrets; see [Redact].
func (s *Store) URL() string { return s.url }

// Driver returns the store's driver, for tests of the driver itself and for
// what it alone can do. What is asked of it directly has none of the Store's
// checks.
func (s *Store) Driver() driver.Driver { return s.driver }

// Can says whether the store can do something at all.
func (s *Store) Can(op Op) bool { return s.lacks(op) == nil }

// lacks returns the error of an operation that the driver lacks, nil if it has
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

// Notify writes records; see [record.Sink] for what its error says of them. It
// writes at least once: a repeated record has the (point, name) of the first,
// and readers ignore repeats.
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
// nothing.
func (s *Store) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		each(ctx, s, Read, yield, func(ctx context.Context) iter.Seq2[record.Record, error] {
			return s.driver.(driver.Reader).Records(ctx, baseID)
		})
	}
}

// Traces yields the traces that q selects, newest first. An error is the last
// thing yielded.
func (s *Store) Traces(ctx context.Context, q Query) iter.Seq2[Trace, error] {
	op := List
	if q.ErrorsOnly {
		op = ListErrors
	}
	return func(yield func(Trace, error) bool) {
		each(ctx, s, op, yield, func(ctx context.Context) iter.Seq2[Trace, error] {
			return s.driver.(driver.Lister).Traces(ctx, q)
		})
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

// Prune removes the traces whose last record is older than olderThan, and
// returns how many they were, also beside an error.
func (s *Store) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	c, err := s.begin(ctx, Prune)
	if err != nil {
		return 0, s.failed(ctx, Prune, err)
	}
	defer c.end()
	n, err := s.driver.(driver.Pruner).Prune(c.ctx, olderThan)
	return n, s.failed(ctx, Prune, err)
}

// Ping asks the store for a sign of life.
func (s *Store) Ping(ctx context.Context) error {
	c, err := s.begin(ctx, Ping)
	if err != nil {
		return s.failed(ctx, Ping, err)
	}
	defer c.end()
	return s.failed(ctx, Ping, s.driver.(driver.Pinger).Ping(c.ctx))
}

// Close releases what the store holds; some send their last records then, and
// the error tells what was lost. Calls that are on their way have a second to
// end by themselves. Closing again does nothing and returns nil.
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

// failed makes what a method returns of what a call has come to.
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

// unusable says why no call may begin or go on. The caller holds mu.
func (s *Store) unusable(ctx context.Context) error {
	if s.closed {
		return ErrClosed
	}
	return ctx.Err()
}
