package sondeotelsql

//lint:file-ignore SA1019 Drivers have the deprecated interfaces.

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// execer and queryer run statements without preparing them.
type (
	execer  struct{ c *conn }
	queryer struct{ c *conn }
)

func (e execer) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	r, err := e.run(ctx, text, args)
	e.c.ran(text, err)
	return r, err
}

func (e execer) run(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if !profiler.Active(ctx) {
		return exec(ctx, e.c.bare, text, args)
	}
	ctx, err := e.c.begin(ctx)
	if err != nil {
		return nil, err
	}
	return e.c.otel.ExecContext(ctx, text, args)
}

func (q queryer) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	r, err := q.run(ctx, text, args)
	q.c.ran(text, err)
	return r, err
}

func (q queryer) run(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if !profiler.Active(ctx) {
		return query(ctx, q.c.bare, text, args)
	}
	ctx, err := q.c.begin(ctx)
	if err != nil {
		return nil, err
	}
	otel, err := q.c.otel.QueryContext(ctx, text, args)
	if err != nil {
		return nil, err
	}
	return q.c.queried(otel), nil
}

// ran notes what came of running text directly. After ErrSkip database/sql is
// going to prepare it.
func (c *conn) ran(text string, err error) {
	c.skipped = ""
	if err == driver.ErrSkip {
		c.skipped = text
	}
	_ = c.worked(err)
}

// worked passes err on and notes that the connection works if it is nil.
func (c *conn) worked(err error) error {
	c.used = c.used || err == nil
	return err
}

// queried wraps the rows that otelsql gives.
func (c *conn) queried(otel driver.Rows) driver.Rows {
	c.used = true
	return newRows(otel, c.tap.takeRows())
}

func exec(ctx context.Context, c driver.Conn, text string, args []driver.NamedValue) (driver.Result, error) {
	if e, ok := c.(driver.ExecerContext); ok {
		return e.ExecContext(ctx, text, args)
	}
	values, err := olddriver.Args(ctx, args)
	if err != nil {
		return nil, err
	}
	return c.(driver.Execer).Exec(text, values)
}

func query(ctx context.Context, c driver.Conn, text string, args []driver.NamedValue) (driver.Rows, error) {
	if q, ok := c.(driver.QueryerContext); ok {
		return q.QueryContext(ctx, text, args)
	}
	values, err := olddriver.Args(ctx, args)
	if err != nil {
		return nil, err
	}
	return c.(driver.Queryer).Query(text, values)
}
