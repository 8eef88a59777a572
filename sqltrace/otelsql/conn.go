package sondeotelsql

//lint:file-ignore SA1019 Drivers have the deprecated interfaces.

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/internal/dbcall"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// conn is a connection that goes the driver's way, and otelsql's in a trace.
// As every connection it is used by one goroutine at a time.
//
// It has the optional interfaces for which database/sql does without them just
// what the methods here do then, and in addition (see newConn) those for
// running statements directly if the driver has them.
type conn struct {
	connector *connector
	bare      driver.Conn
	checker   driver.NamedValueChecker
	direct    bool // the driver runs any statement without preparing it

	tap  *tap // nil until the first traced call
	otel otelConn

	pooled, inTx bool   // has come from the pool; is in a transaction, perhaps
	skipped      string // the statement that has to be prepared before it runs
}

// otelConn is what otelsql's connections are.
type otelConn interface {
	driver.Conn
	driver.Pinger
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnPrepareContext
	driver.ConnBeginTx
}

// wrapper is a conn with or without methods for running statements directly.
type wrapper interface {
	driver.Conn
	base() *conn
}

func newConn(c *connector, bare driver.Conn) wrapper {
	w := &conn{connector: c, bare: bare}
	w.checker, _ = bare.(driver.NamedValueChecker)
	executes := is[driver.ExecerContext](bare) || is[driver.Execer](bare)
	queries := is[driver.QueryerContext](bare) || is[driver.Queryer](bare)
	w.direct = executes && queries
	switch {
	case w.direct:
		return struct {
			*conn
			execer
			queryer
		}{w, execer{w}, queryer{w}}
	case executes:
		return struct {
			*conn
			execer
		}{w, execer{w}}
	case queries:
		return struct {
			*conn
			queryer
		}{w, queryer{w}}
	}
	return w
}

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

func (c *conn) base() *conn { return c }

// use makes otel the way of traced calls.
func (c *conn) use(otel driver.Conn) { c.otel, c.tap = otel.(otelConn), tapOf(otel) }

// begin prepares a traced call. The context that it returns says which spans
// belong to the call.
func (c *conn) begin(ctx context.Context) (context.Context, error) {
	if c.otel == nil {
		otel, err := c.connector.otel.Connect(context.WithValue(context.Background(), adopted{}, c.bare))
		if err != nil {
			return nil, err
		}
		c.use(otel)
	}
	c.tap.call = &dbcall.Call{Retried: c.pooled && !c.inTx}
	return dbcall.With(ctx, c.tap.call), nil
}

// Raw returns the driver's own connection.
func (c *conn) Raw() driver.Conn { return c.bare }

func (c *conn) Prepare(query string) (driver.Stmt, error) { return c.bare.Prepare(query) }

func (c *conn) Close() error { return c.bare.Close() }

func (c *conn) Begin() (driver.Tx, error) { return c.bare.Begin() }

func (c *conn) Ping(ctx context.Context) error {
	pinger, ok := c.bare.(driver.Pinger)
	switch {
	case !ok:
		return nil
	case !profiler.Active(ctx):
		return pinger.Ping(ctx)
	}
	ctx, err := c.begin(ctx)
	if err != nil {
		return err
	}
	return c.otel.Ping(ctx)
}

// ResetSession is not traced: it is a part of using a pool.
func (c *conn) ResetSession(ctx context.Context) error {
	c.pooled, c.inTx, c.skipped = true, false, ""
	if r, ok := c.bare.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *conn) IsValid() bool {
	v, ok := c.bare.(driver.Validator)
	return !ok || v.IsValid()
}

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if c.checker != nil {
		return c.checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// BeginTx returns the driver's transaction, or otelsql's.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.skipped = ""
	tx, err := c.beginTx(ctx, opts)
	if err == nil {
		c.inTx = true
	}
	return tx, err
}

func (c *conn) beginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if !profiler.Active(ctx) {
		return olddriver.Begin(ctx, c.bare, opts)
	}
	ctx, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	return c.otel.BeginTx(ctx, opts)
}

// PrepareContext goes otelsql's way only if somebody in a trace wants a
// statement for later use. Otherwise the statement is prepared because the
// driver does not run it directly, and is a part of running it.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	again := c.skipped != "" && c.skipped == query
	c.skipped = ""
	traced := profiler.Active(ctx)
	if !traced || again || !c.direct {
		bare, err := olddriver.Prepare(ctx, c.bare, query)
		if err != nil || again && !traced {
			// A statement for one untraced run needs no wrapper.
			return bare, err
		}
		return newStmt(c, bare, query), nil
	}
	ctx, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	otel, err := c.otel.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := newStmt(c, c.tap.stmt, query)
	s.base().otel = otel.(otelStmt)
	return s, nil
}
