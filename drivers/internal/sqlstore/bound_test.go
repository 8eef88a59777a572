package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/kit"
)

// halting is a database with one table of three rows, which stands still where
// its query says.
type halting struct{ atReset bool }

func (h halting) Connect(context.Context) (driver.Conn, error) {
	return &haltingConn{atReset: h.atReset}, nil
}
func (h halting) Driver() driver.Driver { return nil }

type haltingConn struct {
	fullConn
	atReset bool
}

func halt(ctx context.Context, where, q string) error {
	if where != q {
		return nil
	}
	<-ctx.Done()
	return driver.ErrBadConn // makes database/sql try again
}

func (c *haltingConn) Close() error { return nil }
func (c *haltingConn) ResetSession(ctx context.Context) error {
	if c.atReset {
		return halt(ctx, "", "")
	}
	return nil
}

func (c *haltingConn) CheckNamedValue(*driver.NamedValue) error { return nil }
func (c *haltingConn) Ping(ctx context.Context) error           { return halt(ctx, "", "") }
func (c *haltingConn) Prepare(q string) (driver.Stmt, error)    { return nil, errors.ErrUnsupported }
func (c *haltingConn) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	return &haltingStmt{q: q}, halt(ctx, "prepare", q)
}

func (c *haltingConn) ExecContext(ctx context.Context, q string, _ []driver.NamedValue) (driver.Result, error) {
	if q == "prepare" || q == "prepared" {
		return nil, driver.ErrSkip
	}
	return driver.RowsAffected(0), halt(ctx, "exec", q)
}

func (c *haltingConn) QueryContext(ctx context.Context, q string, _ []driver.NamedValue) (driver.Rows, error) {
	return &haltingRows{ctx: ctx, q: q}, halt(ctx, "query", q)
}

type haltingStmt struct {
	fullStmt
	q string
}

func (s *haltingStmt) Close() error  { return nil }
func (s *haltingStmt) NumInput() int { return -1 }

func (s *haltingStmt) ExecContext(ctx context.Context, _ []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(0), halt(ctx, "prepared", s.q)
}

type haltingRows struct {
	ctx context.Context
	q   string
	n   int
}

func (r *haltingRows) Columns() []string { return []string{"id"} }
func (r *haltingRows) Close() error      { return nil }

func (r *haltingRows) Next(dest []driver.Value) error {
	if err := r.ctx.Err(); err != nil {
		return err // a real one has dropped the connection by now
	}
	if r.n++; r.n > 3 {
		return io.EOF
	}
	dest[0] = int64(r.n)
	if r.n < 2 {
		return nil
	}
	return halt(r.ctx, "rows", r.q)
}

func boundDB(t *testing.T, h halting, limit time.Duration) *sql.DB {
	t.Helper()
	db := sql.OpenDB(Bound(h, kit.Limit{Store: "a database", Time: limit}))
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestBound: wherever a database stands still, the call ends with an error that
// database/sql does not take for a reason to try again.
func TestBound(t *testing.T) {
	db := boundDB(t, halting{}, 20*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // tells a hang from an end
	defer cancel()
	read := func(q string) error {
		rows, err := db.QueryContext(ctx, q)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
		}
		return rows.Err()
	}
	exec := func(q string) error {
		_, err := db.ExecContext(ctx, q)
		return err
	}
	for what, do := range map[string]func() error{
		"exec":     func() error { return exec("exec") },
		"prepare":  func() error { return exec("prepare") },
		"prepared": func() error { return exec("prepared") },
		"query":    func() error { return read("query") },
		"rows":     func() error { return read("rows") },
		"ping":     func() error { return db.PingContext(ctx) },
	} {
		if err := do(); !errors.Is(err, drivers.ErrNoAnswer) {
			t.Errorf("%s: %v, want %v", what, err, drivers.ErrNoAnswer)
		}
	}
}

// TestBoundReset: a client that looks at an idle connection before its use waits
// no longer than for anything else, and only once.
func TestBoundReset(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // tells a hang from an end
	defer cancel()
	query := func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, "SELECT id FROM data")
		if err == nil {
			err = rows.Close()
		}
		return err
	}
	for what, do := range map[string]func(*sql.DB) error{
		"exec":  func(db *sql.DB) error { _, err := db.ExecContext(ctx, "DELETE FROM data"); return err },
		"query": query,
		"ping":  func(db *sql.DB) error { return db.PingContext(ctx) },
	} {
		db := boundDB(t, halting{atReset: true}, 20*time.Millisecond)
		if err := query(db); err != nil { // on a new connection
			t.Fatal(err)
		}
		if err := do(db); !errors.Is(err, drivers.ErrNoAnswer) {
			t.Errorf("%s: %v, want %v", what, err, drivers.ErrNoAnswer)
		}
		if n := db.Stats().OpenConnections; n != 0 {
			t.Errorf("%s: %d connections are kept", what, n)
		}
	}
}

// TestBoundPatience: what the reader of rows does between two of them is not the
// database's time.
func TestBoundPatience(t *testing.T) {
	const limit = 2 * time.Second
	rows, err := boundDB(t, halting{}, limit).QueryContext(t.Context(), "SELECT id FROM data")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for time.Sleep(limit + limit/2); rows.Next(); n++ {
		if n == 0 {
			time.Sleep(limit + limit/2)
		}
	}
	if err := rows.Err(); err != nil || n != 3 {
		t.Errorf("%d rows and %v, want 3", n, err)
	}
}
