// Package sqlstore keeps traces in OSProfiler's SQL table. Each engine is a
// [Dialect] in a package of its own, so that a program links the client
// libraries that it uses and no other.
//
// The table is what OSProfiler's SQL driver makes with SQLAlchemy: columns id,
// timestamp, base_id, parent_id, trace_id, project, host, service, name and
// data, the last holding a JSON string whose content is JSON itself (encoded
// twice): "{\"info\": {…}}". A table that is there is used as it is, one that
// is missing is made at the first write.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sonde-go/sonde/drivers"
)

// Store is a driver on one database. It implements [drivers.Driver],
// [drivers.Deleter], [drivers.Pruner] and [drivers.Pinger].
type Store struct {
	dialect *Dialect
	write   *sql.DB
	read    *sql.DB // may be write

	schemaMu sync.Mutex
	schema   atomic.Bool // the table is there
	closed   atomic.Bool
}

// New makes a Store that owns its pools. Nothing is asked of the database yet.
func New(d *Dialect, write, read *sql.DB) *Store {
	return &Store{dialect: d, write: write, read: read}
}

// Close implements [drivers.Driver].
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(s.read.Close(), err)
	}
	return oneLine(err)
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed.Load() {
		return drivers.ErrClosed
	}
	return ctx.Err()
}

// Ping implements [drivers.Pinger].
func (s *Store) Ping(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	return s.failed(ctx, s.write.PingContext(ctx))
}

// failed makes what a method returns of an engine's error: one line, and the
// context's end told as such.
func (s *Store) failed(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case s.closed.Load():
		return drivers.ErrClosed
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		return fmt.Errorf("%w (%w)", ctx.Err(), oneLine(err))
	}
	return oneLine(err)
}

// lineError is an error whose text is one line.
type lineError struct{ error }

func (e lineError) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }

func (e lineError) Unwrap() error { return e.error }

func oneLine(err error) error {
	if err == nil || !strings.ContainsAny(err.Error(), "\n\r\t") {
		return err
	}
	return lineError{err}
}
