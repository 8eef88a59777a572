package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// Notify implements [record.Sink]: one transaction.
func (s *Store) Notify(ctx context.Context, events []record.Event) error {
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
		return err
	}
	return fmt.Errorf("%w: %w", record.ErrNotSent, err)
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
		if s.dialect.Undone != nil && s.dialect.Undone(err) {
			return err
		}
		return fmt.Errorf("%w: %w", errUnknown, err)
	}
	if end == "COMMIT" && s.dialect.Confirm != nil {
		if err := s.dialect.Confirm(); err != nil {
			return fmt.Errorf("%w: %w", errUnknown, err)
		}
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
	// A user that may write need not be allowed to make tables.
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
	all := make([]int, len(rows))
	for i := range all {
		all[i] = i
	}
	known := cause // of all rows
	var refused []int
	err := kit.Halve(all,
		func(some []int) error {
			if err := known; err != nil {
				known = nil
				return err
			}
			return s.insert(ctx, rows[some[0]:some[len(some)-1]+1], "ROLLBACK")
		},
		s.dialect.Rejected,
		func(i int, err error) { refused, cause = append(refused, i), err })
	if err == nil && len(refused) == 0 { // each half goes in, the whole does not
		err = cause
	}
	if err != nil {
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	return &record.RejectedError{Indexes: refused, Err: cause}
}
