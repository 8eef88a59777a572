package sqltrace

//lint:file-ignore SA1019 Drivers have the deprecated interfaces, so the wrapper has them.

import (
	"context"
	"database/sql/driver"
	"reflect"
)

// conn wraps a driver's connection. As every connection it is used by one
// goroutine at a time.
type conn struct {
	bare driver.Conn
	cfg  *config

	execerContext  driver.ExecerContext
	execer         driver.Execer
	queryerContext driver.QueryerContext
	queryer        driver.Queryer

	// used says that the connection has worked before, so that database/sql
	// tries again elsewhere if the driver calls it bad; inTx that it does not,
	// since a transaction cannot move.
	used, inTx bool

	skipped skipped

	// rowsHave are the optional interfaces of rows of the type that came last.
	rowsType reflect.Type
	rowsHave int

	spare *lookout
}

// newConn wraps bare with exactly its optional interfaces, with three
// exceptions that change nothing: a context is needed to find the trace, so
// the forms with one (ExecerContext, QueryerContext, ConnPrepareContext,
// ConnBeginTx) are there also where the driver has the plain ones only, and do
// what database/sql would.
func newConn(bare driver.Conn, cfg *config) driver.Conn {
	c := &conn{bare: bare, cfg: cfg}
	has := 0
	if _, ok := bare.(driver.Pinger); ok {
		has |= hasPinger
	}
	if _, ok := bare.(driver.SessionResetter); ok {
		has |= hasResetter
	}
	if _, ok := bare.(driver.Validator); ok {
		has |= hasValidator
	}
	if _, ok := bare.(driver.NamedValueChecker); ok {
		has |= hasChecker
	}
	var ok bool
	if c.execerContext, ok = bare.(driver.ExecerContext); ok {
		has |= hasExecerContext
	}
	if c.execer, ok = bare.(driver.Execer); ok {
		has |= hasExecer | hasExecerContext
	}
	if c.queryerContext, ok = bare.(driver.QueryerContext); ok {
		has |= hasQueryerContext
	}
	if c.queryer, ok = bare.(driver.Queryer); ok {
		has |= hasQueryer | hasQueryerContext
	}
	return c.withInterfaces(has)
}

func (c *conn) Raw() driver.Conn { return c.bare }

func (c *conn) Close() error {
	c.forgetSkipped()
	return c.bare.Close()
}

// resetter notes that the connection has been in the pool.
type resetter struct{ conn *conn }

func (r resetter) ResetSession(ctx context.Context) error {
	r.conn.used = true
	return r.conn.bare.(driver.SessionResetter).ResetSession(ctx)
}
