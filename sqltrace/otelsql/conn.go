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
type conn struct {
	connector *connector
	bare      driver.Conn
	direct    bool // the driver runs any statement without preparing it

	tap  *tap // nil until the first traced call
	otel otelConn

	// used says that the connection has worked before, so that database/sql
	// tries again elsewhere if the driver calls it bad; inTx that it does not,
	// perhaps, since a transaction cannot move.
	used, inTx bool
	skipped    string // the statement that has to be prepared before it runs
}

// otelConn is what otelsql's connections are.
type otelConn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnPrepareContext
	driver.ConnBeginTx
}

// newConn wraps bare with exactly its optional interfaces, but for the forms of
// a call that take a context, which are there also where the driver has the
// plain ones only. otel is otelsql's connection around bare, if there is one.
func newConn(c *connector, bare, otel driver.Conn) driver.Conn {
	w := &conn{connector: c, bare: bare}
	if otel != nil {
		w.use(otel)
	}
	has := 0
	for i, ok := range []bool{
		is[driver.Pinger](bare), is[driver.SessionResetter](bare), is[driver.Validator](bare), is[driver.NamedValueChecker](bare),
		is[driver.ExecerContext](bare) || is[driver.Execer](bare), is[driver.QueryerContext](bare) || is[driver.Queryer](bare),
		is[driver.Execer](bare), is[driver.Queryer](bare),
	} {
		if ok {
			has |= 1 << i
		}
	}
	w.direct = has&hasExecerContext != 0 && has&hasQueryerContext != 0
	return w.withInterfaces(has)
}

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

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
	c.tap.call = &dbcall.Call{Retried: c.used && !c.inTx}
	return dbcall.With(ctx, c.tap.call), nil
}

// Raw returns the driver's own connection.
func (c *conn) Raw() driver.Conn { return c.bare }

func (c *conn) Prepare(query string) (driver.Stmt, error) { return c.bare.Prepare(query) }

func (c *conn) Close() error { return c.bare.Close() }

func (c *conn) Begin() (driver.Tx, error) { return c.bare.Begin() }

// resetter notes that the connection has been in the pool. It is not traced: a
// reset is a part of using a pool.
type resetter struct{ c *conn }

func (r resetter) ResetSession(ctx context.Context) error {
	r.c.used, r.c.inTx, r.c.skipped = true, false, ""
	return r.c.bare.(driver.SessionResetter).ResetSession(ctx)
}

// BeginTx returns the driver's transaction, or otelsql's.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.skipped = ""
	tx, err := c.beginTx(ctx, opts)
	if err == nil {
		c.used, c.inTx = true, true
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
		return newStmt(c, bare, query, nil), nil
	}
	ctx, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	otel, err := c.otel.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return newStmt(c, c.tap.stmt, query, otel.(otelStmt)), nil
}
