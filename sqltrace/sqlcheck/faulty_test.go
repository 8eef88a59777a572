package sqlcheck_test

//lint:file-ignore SA1019 Wrappers do as drivers do.

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/sqltrace/sqlcheck"
)

// TestEveryCheckCanFail: one wrapper loses the optional interfaces of
// connections and statements, the other does all else wrong that wrappers can do wrong; there
// is no check that both pass.
func TestEveryCheckCanFail(t *testing.T) {
	defer sqlcheck.SetTimeout(400 * time.Millisecond)()
	failed := map[string]bool{}
	for _, wrap := range []func(driver.Connector) driver.Connector{
		func(c driver.Connector) driver.Connector { return naiveConnector{c} },
		func(c driver.Connector) driver.Connector { return wrongConnector{c} },
	} {
		for _, r := range (sqlcheck.Subject{Wrap: wrap}).Run() {
			failed[r.Check] = failed[r.Check] || r.Err != nil
		}
	}
	var names []string
	for _, c := range sqlcheck.Checks() {
		names = append(names, c.Name)
	}
	if len(names) < 70 {
		t.Errorf("only %d checks", len(names))
	}
	for i, name := range names {
		if !failed[name] {
			t.Errorf("%s: neither wrapper fails", name)
		}
		if slices.Contains(names[:i], name) {
			t.Errorf("%s: two checks of that name", name)
		}
	}
}

// The wrong wrapper has every interface whatever the driver has, hides errors
// in others, catches panics, closes nothing, and forgets what it was told.

func wrong(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("wrong: %v", err)
}

type wrongConnector struct{ driver.Connector }

func (c wrongConnector) Driver() driver.Driver { return nil }

func (c wrongConnector) Close() error { return nil }

func (c wrongConnector) Connect(context.Context) (driver.Conn, error) {
	cn, err := c.Connector.Connect(context.Background())
	return wrongConn{cn}, wrong(err)
}

type wrongConn struct{ c driver.Conn }

func (c wrongConn) Close() error { return nil }

func (c wrongConn) Begin() (driver.Tx, error) { return wrongTx{}, nil }

func (c wrongConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return c.Begin() }

func (c wrongConn) Ping(context.Context) error { return driver.ErrSkip }

func (c wrongConn) ResetSession(context.Context) error { return nil }

func (c wrongConn) IsValid() bool { return true }

func (c wrongConn) CheckNamedValue(*driver.NamedValue) error { return nil }

func (c wrongConn) Prepare(query string) (driver.Stmt, error) {
	s, err := c.c.Prepare(query)
	return wrongStmt{s}, wrong(err)
}

func (c wrongConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.Prepare(query)
	if err != nil {
		return nil, err
	}
	return s.(wrongStmt).QueryContext(ctx, args)
}

func (c wrongConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	s, err := c.Prepare(query)
	if err != nil {
		return nil, err
	}
	return s.(wrongStmt).ExecContext(ctx, args)
}

func (c wrongConn) Query(string, []driver.Value) (driver.Rows, error) { return nil, driver.ErrSkip }

func (c wrongConn) Exec(string, []driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }

type wrongTx struct{}

func (wrongTx) Commit() error { return nil }

func (wrongTx) Rollback() error { return nil }

type wrongStmt struct{ driver.Stmt }

func (s wrongStmt) Close() error { return nil }

func (s wrongStmt) NumInput() int { return -1 }

func (s wrongStmt) CheckNamedValue(*driver.NamedValue) error { return nil }

func (s wrongStmt) ColumnConverter(int) driver.ValueConverter { return driver.String }

func (s wrongStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (r driver.Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	if e, ok := s.Stmt.(driver.StmtExecContext); ok {
		r, err = e.ExecContext(ctx, args)
		return r, wrong(err)
	}
	r, err = s.Stmt.Exec(nil)
	return r, wrong(err)
}

func (s wrongStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if q, ok := s.Stmt.(driver.StmtQueryContext); ok {
		r, err := q.QueryContext(ctx, args)
		return wrongRows{r}, wrong(err)
	}
	r, err := s.Stmt.Query(nil)
	return wrongRows{r}, wrong(err)
}

type wrongRows struct{ driver.Rows }

func (wrongRows) Columns() []string { return []string{"n", "other"} }

func (wrongRows) Close() error { return nil }

func (r wrongRows) Next(dest []driver.Value) error {
	if err := r.Rows.Next(dest); err != nil {
		return wrong(err)
	}
	dest[0], dest[1] = int64(0), "wrong"
	return nil
}
