package wrapped

//lint:file-ignore SA1019 Drivers have the deprecated interfaces, so the wrapper has them.

import (
	"context"
	"database/sql/driver"
	"reflect"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// Conn is a driver's connection whose calls in a trace go to a wrapper. The wrapper
// embeds it and calls Init. Like every connection, it is used by one goroutine at a
// time.
type Conn struct {
	Bare   driver.Conn // the driver's own
	Direct Direct      // Bare, for statements that are not prepared
	Next   Next        // of the driver's answers; calls in a trace tell it theirs

	traced TracedConn

	// rowsHave are the optional interfaces of rows of the type that came last.
	rowsType reflect.Type
	rowsHave int
}

// TracedConn is a wrapper's handling of the calls of a connection that are made in
// a trace. It tells Conn.Next what the driver answers.
type TracedConn interface {
	ExecTraced(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error)
	QueryTraced(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error)
	BeginTraced(ctx context.Context, opts driver.TxOptions) (driver.Tx, error)

	// PrepareTraced prepares a statement; again and p are what Next.Prepares
	// says of it.
	PrepareTraced(ctx context.Context, query string, p profiler.Point, again bool) (driver.Stmt, error)

	// NewStmt is the wrapper's statement around bare, which was prepared outside
	// of a trace and may be run in one.
	NewStmt(bare driver.Stmt, query string) driver.Stmt
}

// Init makes c the connection around bare and returns it for database/sql, with
// exactly bare's optional interfaces but for exceptions that change nothing: a
// context is needed to find the trace, so the forms with one (ExecerContext,
// QueryerContext, ConnPrepareContext, ConnBeginTx) are there even if the driver has
// only the plain ones, and do what database/sql would.
func (c *Conn) Init(bare driver.Conn, traced TracedConn) driver.Conn {
	c.Bare, c.Direct, c.traced = bare, NewDirect(bare), traced
	has := 0
	if _, ok := bare.(driver.Pinger); ok {
		has |= hasPinger
	}
	if _, ok := bare.(driver.SessionResetter); ok {
		has |= hasResetter
		c.Next.resets = true
	}
	if _, ok := bare.(driver.Validator); ok {
		has |= hasValidator
	}
	if _, ok := bare.(driver.NamedValueChecker); ok {
		has |= hasChecker
	}
	if c.Direct.execs() {
		has |= hasExecerContext
	}
	if c.Direct.execer != nil {
		has |= hasExecer
	}
	if c.Direct.queries() {
		has |= hasQueryerContext
	}
	if c.Direct.queryer != nil {
		has |= hasQueryer
	}
	return c.withInterfaces(has)
}

// Raw returns the driver's own connection.
func (c *Conn) Raw() driver.Conn { return c.Bare }

// Close implements [driver.Conn].
func (c *Conn) Close() error {
	c.Next.Forget()
	return c.Bare.Close()
}

// Prepare is for users of the connection without database/sql.
func (c *Conn) Prepare(query string) (driver.Stmt, error) {
	c.Next.Forget()
	bare, err := c.Bare.Prepare(query)
	if err != nil {
		return nil, err
	}
	return c.traced.NewStmt(bare, query), nil
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c *Conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if profiler.Active(ctx) {
		p, again := c.Next.Prepares(query, Caller(ctx))
		return c.traced.PrepareTraced(ctx, query, p, again)
	}
	_, again := c.Next.Prepares(query, header.ID{})
	bare, err := olddriver.Prepare(ctx, c.Bare, query)
	if err != nil || again {
		// A statement that is prepared for one untraced query needs no wrapper.
		return bare, err
	}
	return c.traced.NewStmt(bare, query), nil
}

// Begin is for users of the connection without database/sql.
func (c *Conn) Begin() (driver.Tx, error) {
	c.Next.Forget()
	return c.Bare.Begin()
}

// BeginTx implements [driver.ConnBeginTx].
func (c *Conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.Next.Forget()
	if profiler.Active(ctx) {
		return c.traced.BeginTraced(ctx, opts)
	}
	t, err := olddriver.Begin(ctx, c.Bare, opts)
	if err == nil {
		c.Next.Begun(false)
	}
	return t, err
}

// resetter, execer and queryer are the pieces of a connection that only some
// drivers have and that are not the driver's own.
type (
	resetter struct{ c *Conn }
	execer   struct{ c *Conn }
	queryer  struct{ c *Conn }
)

func (r resetter) ResetSession(ctx context.Context) error {
	r.c.Next.Pooled()
	return r.c.Bare.(driver.SessionResetter).ResetSession(ctx)
}

func (e execer) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c := e.c
	c.Next.Forget()
	if profiler.Active(ctx) {
		return c.traced.ExecTraced(ctx, query, args)
	}
	result, err := c.Direct.Exec(ctx, query, args)
	c.Next.Answered(err)
	if err == driver.ErrSkip {
		c.Next.Skipped(query, header.ID{}, profiler.Point{})
	}
	return result, err
}

func (q queryer) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c := q.c
	c.Next.Forget()
	if profiler.Active(ctx) {
		return c.traced.QueryTraced(ctx, query, args)
	}
	rows, err := c.Direct.Query(ctx, query, args)
	c.Next.Answered(err)
	if err == driver.ErrSkip {
		c.Next.Skipped(query, header.ID{}, profiler.Point{})
	}
	return rows, err
}
