package sondeotelsql

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/internal/dbcall"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
	"github.com/sonde-go/sonde/sqltrace/internal/wrapped"
)

// conn handles the calls of a connection that are made in a trace, by way of
// otelsql. What they share with sqltrace's, and where all other calls go, is in
// package wrapped, whose comment has a picture of it.
type conn struct {
	wrapped.Conn
	connector *connector

	tap  *tap // nil until the first traced call
	otel otelConn
}

// otelConn has the methods of otelsql's connections.
type otelConn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnPrepareContext
	driver.ConnBeginTx
}

// newConn is the connection around bare. otel is otelsql's connection around
// bare, if there is one.
func newConn(c *connector, bare, otel driver.Conn) driver.Conn {
	w := &conn{connector: c}
	if otel != nil {
		w.use(otel)
	}
	return w.Init(bare, w)
}

// use makes traced calls go through otel.
func (c *conn) use(otel driver.Conn) { c.otel, c.tap = otel.(otelConn), tapOf(otel) }

// begin prepares a traced call. The context that it returns says which spans
// belong to the call.
func (c *conn) begin(ctx context.Context) (context.Context, error) {
	if c.otel == nil {
		otel, err := c.connector.otel.Connect(context.WithValue(context.Background(), adopted{}, c.Bare))
		if err != nil {
			return nil, err
		}
		c.use(otel)
	}
	c.tap.call = &dbcall.Call{Retried: c.Next.Retries()}
	return dbcall.With(ctx, c.tap.call), nil
}

// ran notes the result of running query directly.
func (c *conn) ran(caller context.Context, query string, err error) {
	c.Next.Answered(err)
	if err == driver.ErrSkip {
		c.Next.Skipped(query, wrapped.Caller(caller), profiler.Point{})
	}
}

// ExecTraced implements [wrapped.TracedConn].
func (c *conn) ExecTraced(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	inner, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	r, err := c.otel.ExecContext(inner, query, args)
	c.ran(ctx, query, err)
	return r, err
}

// QueryTraced implements [wrapped.TracedConn].
func (c *conn) QueryTraced(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	inner, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	otel, err := c.otel.QueryContext(inner, query, args)
	c.ran(ctx, query, err)
	if err != nil {
		return nil, err
	}
	return c.newRows(otel), nil
}

// BeginTraced implements [wrapped.TracedConn].
func (c *conn) BeginTraced(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	ctx, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	t, err := c.otel.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	c.Next.Begun(true)
	return &tx{t, c}, nil
}

// tx is otelsql's transaction, whose end is noted.
type tx struct {
	otel driver.Tx
	conn *conn
}

func (t *tx) Commit() error { return t.end(t.otel.Commit) }

func (t *tx) Rollback() error { return t.end(t.otel.Rollback) }

func (t *tx) end(do func() error) error {
	t.conn.Next.Forget()
	err := do()
	t.conn.Next.Ended()
	return err
}

// PrepareTraced goes through otelsql only if a statement is wanted for later use.
// Otherwise it is prepared because the driver does not run it directly, and
// preparing is part of running it.
func (c *conn) PrepareTraced(ctx context.Context, query string, _ profiler.Point, again bool) (driver.Stmt, error) {
	if again || !c.Direct.Any() {
		bare, err := olddriver.Prepare(ctx, c.Bare, query)
		if err != nil {
			return nil, err
		}
		return c.NewStmt(bare, query), nil
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
