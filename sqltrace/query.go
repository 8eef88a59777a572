package sqltrace

import (
	"context"
	"database/sql/driver"
	"log/slog"
	"time"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// queryer and execer run statements without preparing them first.
type (
	queryer struct{ conn *conn }
	execer  struct{ conn *conn }
)

func (q queryer) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c := q.conn
	c.forgetSkipped()
	if profiler.Active(ctx) {
		return c.queryTraced(ctx, query, args)
	}
	rows, err := c.query(ctx, query, args)
	switch err {
	case nil:
		c.used = true
	case driver.ErrSkip:
		c.skip(ctx, query, profiler.Point{})
	}
	return rows, err
}

func (c *conn) queryTraced(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	inner, p := c.cfg.open(ctx, pointQuery, query, args)
	returned := false
	defer p.Guard(&returned)
	rows, err := c.query(inner, query, args)
	returned = true
	if err == driver.ErrSkip {
		c.skip(ctx, query, p)
		return rows, err
	}
	return c.queried(inner, p, rows, err, 0)
}

// queried leaves the point open until the rows are closed.
func (c *conn) queried(ctx context.Context, p profiler.Point, bare driver.Rows, err error, prepare time.Duration) (driver.Rows, error) {
	if err != nil {
		c.fail(ctx, p, err)
		return bare, err
	}
	c.used = true
	p.Release()
	return c.newRows(ctx, p, bare, prepare), nil
}

func (c *conn) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.queryerContext != nil {
		return c.queryerContext.QueryContext(ctx, query, args)
	}
	values, err := olddriver.Args(ctx, args)
	if err != nil {
		return nil, err
	}
	return c.queryer.Query(query, values)
}

func (e execer) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c := e.conn
	c.forgetSkipped()
	if profiler.Active(ctx) {
		return c.execTraced(ctx, query, args)
	}
	result, err := c.exec(ctx, query, args)
	switch err {
	case nil:
		c.used = true
	case driver.ErrSkip:
		c.skip(ctx, query, profiler.Point{})
	}
	return result, err
}

func (c *conn) execTraced(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	inner, p := c.cfg.open(ctx, pointQuery, query, args)
	returned := false
	defer p.Guard(&returned)
	result, err := c.exec(inner, query, args)
	returned = true
	if err == driver.ErrSkip {
		c.skip(ctx, query, p)
		return result, err
	}
	c.executed(inner, p, result, err, 0)
	return result, err
}

func (c *conn) executed(ctx context.Context, p profiler.Point, result driver.Result, err error, prepare time.Duration) {
	if err != nil {
		c.fail(ctx, p, err)
		return
	}
	c.used = true
	attrs := make([]slog.Attr, 0, 2)
	if n, ok := affected(result); ok {
		attrs = append(attrs, slog.Int64("rows_affected", n))
	}
	if prepare > 0 {
		attrs = append(attrs, slog.Duration("prepare", prepare))
	}
	p.End(profiler.Ending{Group: layer.SQL.Group}, attrs...)
}

// affected asks a result that the user might not ask: whatever it does must
// not be seen.
func affected(result driver.Result) (n int64, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	n, err := result.RowsAffected()
	return n, err == nil && n >= 0
}

func (c *conn) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.execerContext != nil {
		return c.execerContext.ExecContext(ctx, query, args)
	}
	values, err := olddriver.Args(ctx, args)
	if err != nil {
		return nil, err
	}
	return c.execer.Exec(query, values)
}
