package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/kit"
)

// Bound makes the connections of c fail when the server leaves them without an
// answer. It does for a server's client library what its own timeouts cannot:
// they do not say which server it was, and make [database/sql] try again.
func Bound(c driver.Connector, l kit.Limit) driver.Connector { return &connector{c, l} }

type connector struct {
	driver.Connector
	limit kit.Limit
}

func (c *connector) Connect(ctx context.Context) (made driver.Conn, err error) {
	err = c.limit.Do(ctx, func(ctx context.Context) error {
		made, err = c.Connector.Connect(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &conn{fullConn: made.(fullConn), limit: c.limit}, nil
}

// fullConn is what the connections of PostgreSQL's and MySQL's client can do.
type fullConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.NamedValueChecker
	driver.SessionResetter
}

type conn struct {
	fullConn
	limit  kit.Limit
	silent error // of the look at the connection before its use
}

// Raw has the client's own connection do what database/sql has no call for, as one
// exchange.
func Raw(ctx context.Context, c *sql.Conn, do func(ctx context.Context, client driver.Conn) error) error {
	return c.Raw(func(made any) error {
		c := made.(*conn)
		return c.do(ctx, func(ctx context.Context) error { return do(ctx, c.fullConn) })
	})
}

// IsValid implements [driver.Validator], which not every client has.
func (c *conn) IsValid() bool {
	v, ok := c.fullConn.(driver.Validator)
	return c.silent == nil && (!ok || v.IsValid())
}

// ResetSession may ask the server whether a connection that was idle still
// lives. That it does not answer is told by the call which the connection was
// wanted for: of an error here, database/sql would take the next connection.
func (c *conn) ResetSession(ctx context.Context) error {
	err := c.limit.Do(ctx, c.fullConn.ResetSession)
	if errors.Is(err, drivers.ErrNoAnswer) {
		c.silent = err
		return nil
	}
	return err
}

// do is an exchange.
func (c *conn) do(ctx context.Context, ask func(context.Context) error) error {
	if c.silent != nil {
		return c.silent
	}
	return c.limit.Do(ctx, ask)
}

func (c *conn) Ping(ctx context.Context) error { return c.do(ctx, c.fullConn.Ping) }

func (c *conn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (result driver.Result, err error) {
	err = c.do(ctx, func(ctx context.Context) error {
		result, err = c.fullConn.ExecContext(ctx, q, args)
		return err
	})
	return result, err
}

func (c *conn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	if c.silent != nil {
		return nil, c.silent
	}
	return queried(ctx, c.limit, func(ctx context.Context) (driver.Rows, error) { return c.fullConn.QueryContext(ctx, q, args) })
}

func (c *conn) PrepareContext(ctx context.Context, q string) (prepared driver.Stmt, err error) {
	err = c.do(ctx, func(ctx context.Context) error {
		prepared, err = c.fullConn.PrepareContext(ctx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &stmt{prepared.(fullStmt), c.limit}, nil
}

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// stmt is a prepared statement; MySQL's client needs one for what is too long
// to be written into a statement's text.
type stmt struct {
	fullStmt
	limit kit.Limit
}

// CheckNamedValue implements [driver.NamedValueChecker], which not every client
// has.
func (s *stmt) CheckNamedValue(v *driver.NamedValue) error {
	if c, ok := s.fullStmt.(driver.NamedValueChecker); ok {
		return c.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (result driver.Result, err error) {
	err = s.limit.Do(ctx, func(ctx context.Context) error {
		result, err = s.fullStmt.ExecContext(ctx, args)
		return err
	})
	return result, err
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return queried(ctx, s.limit, func(ctx context.Context) (driver.Rows, error) { return s.fullStmt.QueryContext(ctx, args) })
}

// queried returns the rows of a query, each of which has the limit to come.
func queried(ctx context.Context, l kit.Limit, query func(context.Context) (driver.Rows, error)) (driver.Rows, error) {
	ctx, wait := l.Begin(ctx)
	r, err := query(ctx)
	if err != nil {
		return nil, wait.End(err)
	}
	wait.Pause()
	return &rows{r, wait}, nil
}

type rows struct {
	driver.Rows
	wait *kit.Wait
}

func (r *rows) Next(dest []driver.Value) error {
	r.wait.Heard()
	err := r.Rows.Next(dest)
	r.wait.Pause()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return r.wait.Explain(err)
}

func (r *rows) Close() error {
	r.wait.Heard()
	return r.wait.End(r.Rows.Close())
}
