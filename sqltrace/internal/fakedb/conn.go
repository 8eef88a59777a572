package fakedb

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
)

// Conn is a connection without optional interfaces.
type Conn struct {
	*Server
	ID     int
	broken bool
}

// Prepare implements [driver.Conn].
func (c *Conn) Prepare(query string) (driver.Stmt, error) {
	c.note("Prepare", query)
	return c.prepare(query)
}

func (c *Conn) prepare(query string) (driver.Stmt, error) {
	if err := c.bad(); err != nil {
		return nil, err
	}
	if strings.HasPrefix(query, "FAILPREPARE") {
		return nil, ErrFail
	}
	c.count(1, 0)
	s := &Stmt{Conn: c, Query: query}
	if c.Stmt != nil {
		return c.Stmt(s), nil
	}
	return PlainStmt{s}, nil
}

// Close implements [driver.Conn].
func (c *Conn) Close() error {
	c.note("Close", "")
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, c)
	return nil
}

// Begin implements [driver.Conn].
func (c *Conn) Begin() (driver.Tx, error) {
	c.note("Begin", "")
	return Tx{c}, c.bad()
}

// Tx is a transaction.
type Tx struct{ Conn *Conn }

// Commit implements [driver.Tx].
func (t Tx) Commit() error {
	t.Conn.note("Commit", "")
	return t.Conn.bad()
}

// Rollback implements [driver.Tx].
func (t Tx) Rollback() error {
	t.Conn.note("Rollback", "")
	return t.Conn.bad()
}

// run does what the text of a statement says; direct is false for a prepared
// one.
func (c *Conn) run(ctx context.Context, text string, direct bool) error {
	if err := c.bad(); err != nil {
		return err
	}
	switch {
	case direct && strings.Contains(text, "SKIP"):
		return driver.ErrSkip
	case strings.HasPrefix(text, "FAIL"):
		return ErrFail
	case strings.HasPrefix(text, "PANIC"):
		panic(PanicValue)
	case text == "WAIT":
		return wait(ctx)
	}
	return nil
}

// wait waits for the end of ctx. It does not wait for ever.
func wait(ctx context.Context) error {
	if ctx.Done() == nil {
		return errors.New("fakedb: the context has no end")
	}
	<-ctx.Done()
	return ctx.Err()
}

func (c *Conn) query(ctx context.Context, text string, direct bool) (driver.Rows, error) {
	if err := c.run(ctx, text, direct); err != nil {
		return nil, err
	}
	return c.newRows(ctx, text), nil
}

func (c *Conn) exec(ctx context.Context, text string, direct bool) (driver.Result, error) {
	if err := c.run(ctx, text, direct); err != nil {
		return nil, err
	}
	return Result{}, nil
}

// Result says 7 rows and id 42.
type Result struct{}

// LastInsertId implements [driver.Result].
func (Result) LastInsertId() (int64, error) { return 42, nil }

// RowsAffected implements [driver.Result].
func (Result) RowsAffected() (int64, error) { return 7, nil }

func named(values []driver.Value) []driver.NamedValue {
	n := make([]driver.NamedValue, len(values))
	for i, v := range values {
		n[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return n
}
