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
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/profiler"
)

// Dialect is what one engine does in its own way.
type Dialect struct {
	// Begin begins a transaction that writes.
	Begin string

	// Schema makes the table and its indexes on conn unless another has just
	// made them.
	Schema func(ctx context.Context, conn *sql.Conn) error

	// Insert adds rows in their order on conn, within a transaction.
	Insert func(ctx context.Context, conn *sql.Conn, rows []Row) error

	// Numbered parameters are $1, $2, … instead of ?.
	Numbered bool

	// Same is a condition that two texts are the same byte for byte, and can
	// be answered from an index on a. It may name b more than once.
	Same func(a, b string) string

	// DataText is an expression for column data of table d as text.
	DataText string

	// PageRows is how many records of a trace are read at a time; 0: all in
	// one stream, which holds a connection.
	PageRows int

	// Busy says whether err is that another process writes, so that trying
	// again is the way to wait. nil: the server waits.
	Busy func(err error) bool

	// Rejected says whether err is about a value that the table will never
	// take.
	Rejected func(err error) bool

	// NotFound says whether err means that there is nothing to find: no table,
	// or no row could hold the text that is asked for.
	NotFound func(err error) bool
}

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

// Notify implements [profiler.Sink]: one transaction.
func (s *Store) Notify(ctx context.Context, events []profiler.Event) error {
	if err := s.usable(ctx); err != nil {
		return fmt.Errorf("%w: %w", profiler.ErrNotSent, err)
	}
	if len(events) == 0 {
		return nil
	}
	b := newBatch(events)
	defer b.free()
	err := s.insert(ctx, b.rows, "COMMIT")
	if err == nil {
		return nil
	}
	if s.dialect.NotFound(err) {
		s.schema.Store(false)
	}
	if s.dialect.Rejected(err) {
		return s.reject(ctx, b.rows, err)
	}
	if errors.Is(err, errUnknown) {
		return s.failed(ctx, err)
	}
	return fmt.Errorf("%w: %w", profiler.ErrNotSent, s.failed(ctx, err))
}

// errUnknown marks the failure of a COMMIT, which may have been done.
var errUnknown = errors.New("the database did not confirm the transaction")

// insert adds rows in a transaction that ends with end, COMMIT or ROLLBACK.
func (s *Store) insert(ctx context.Context, rows []Row, end string) (err error) {
	conn, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { release(ctx, conn, err != nil) }()
	if err := s.dialect.Insert(ctx, conn, rows); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, end); err != nil {
		return fmt.Errorf("%w: %w", errUnknown, err)
	}
	return nil
}

// begin returns a connection in a transaction, the table being there.
func (s *Store) begin(ctx context.Context) (conn *sql.Conn, err error) {
	err = s.retry(ctx, func() error {
		if conn, err = s.write.Conn(ctx); err != nil {
			return err
		}
		if err = s.ensureSchema(ctx, conn); err == nil {
			_, err = conn.ExecContext(ctx, s.dialect.Begin)
		}
		if err != nil {
			_ = conn.Close()
		}
		return err
	})
	return conn, err
}

// busyLimit is how long another process's transaction is waited for.
const busyLimit = 5 * time.Second

// retry does what a connection that died in the pool, or another process that
// writes, may make fail.
func (s *Store) retry(ctx context.Context, do func() error) error {
	began := time.Now()
	for try := 0; ; try++ {
		err := do()
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case errors.Is(err, driver.ErrBadConn) && try < 2:
		case s.dialect.Busy != nil && s.dialect.Busy(err) && time.Since(began) < busyLimit:
		default:
			return err
		}
	}
}

// exec runs a statement that is a transaction of its own.
func (s *Store) exec(ctx context.Context, q string, args ...any) error {
	return s.retry(ctx, func() error {
		_, err := s.write.ExecContext(ctx, s.dialect.query(q), args...)
		return err
	})
}

// rollbackLimit is how long a server may take to answer a ROLLBACK until its
// connection is dropped, which rolls back too.
const rollbackLimit = time.Second

// release gives conn back to its pool. After a failure it rolls back, even if
// ctx has ended.
func release(ctx context.Context, conn *sql.Conn, failed bool) {
	if failed {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackLimit)
		defer cancel()
		if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
	}
	_ = conn.Close()
}

func (s *Store) ensureSchema(ctx context.Context, conn *sql.Conn) error {
	if s.schema.Load() {
		return nil
	}
	s.schemaMu.Lock()
	defer s.schemaMu.Unlock()
	if s.schema.Load() {
		return nil
	}
	// Who may write need not be allowed to make tables.
	rows, err := conn.QueryContext(ctx, "SELECT id FROM data WHERE 1 = 0")
	if err == nil {
		err = errors.Join(rows.Err(), rows.Close())
	}
	if err != nil && s.dialect.NotFound(err) {
		err = s.dialect.Schema(ctx, conn)
	}
	if err == nil {
		s.schema.Store(true)
	}
	return err
}

// reject finds the rows that the database refuses for good. Nothing is stored:
// the rest is sent again.
func (s *Store) reject(ctx context.Context, rows []Row, cause error) error {
	var indexes []int
	var search func(from, to int, err error) error
	search = func(from, to int, err error) error {
		if err == nil {
			err = s.insert(ctx, rows[from:to], "ROLLBACK")
		}
		switch {
		case err == nil:
			return nil
		case !s.dialect.Rejected(err):
			return err
		case to-from == 1:
			indexes, cause = append(indexes, from), err
			return nil
		}
		middle := (from + to) / 2
		if err := search(from, middle, nil); err != nil {
			return err
		}
		return search(middle, to, nil)
	}
	if err := search(0, len(rows), cause); err != nil {
		return fmt.Errorf("%w: %w", profiler.ErrNotSent, s.failed(ctx, err))
	}
	if len(indexes) == 0 { // each half goes in, the whole does not
		return fmt.Errorf("%w: %w", profiler.ErrNotSent, oneLine(cause))
	}
	return &profiler.RejectedError{Indexes: indexes, Err: oneLine(cause)}
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

// query rewrites ? to the engine's parameters.
func (d *Dialect) query(q string) string {
	if !d.Numbered {
		return q
	}
	var b strings.Builder
	for i, part := range strings.Split(q, "?") {
		if i > 0 {
			fmt.Fprintf(&b, "$%d", i)
		}
		b.WriteString(part)
	}
	return b.String()
}

// sameAs is the condition that a is value, with its parameters.
func (d *Dialect) sameAs(a, value string) (condition string, args []any) {
	condition = d.Same(a, "?")
	for range strings.Count(condition, "?") {
		args = append(args, value)
	}
	return condition, args
}

// Marks is "?, ?, …" n times.
func Marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
