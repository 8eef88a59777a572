package sqltrace

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
	"github.com/sonde-go/sonde/sqltrace/internal/wrapped"
)

// QueryTraced implements [wrapped.TracedConn].
func (c *conn) QueryTraced(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	inner, p := c.cfg.Open(ctx, c.cfg.Name, query, args)
	returned := false
	defer p.Guard(&returned)
	rows, err := c.Direct.Query(inner, query, args)
	returned = true
	if err == driver.ErrSkip {
		c.Next.Skipped(query, wrapped.Caller(ctx), p)
		return rows, err
	}
	return c.queried(inner, p, &sqlpoint.Given{Query: query, Args: args}, rows, err)
}

// queried leaves the point open until the rows are closed.
func (c *conn) queried(ctx context.Context, p profiler.Point, g *sqlpoint.Given, bare driver.Rows, err error) (driver.Rows, error) {
	if err != nil {
		c.fail(ctx, p, g, err)
		return bare, err
	}
	c.Next.Answered(nil)
	p.Release()
	return c.newRows(ctx, p, g, bare), nil
}

// ExecTraced implements [wrapped.TracedConn].
func (c *conn) ExecTraced(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	inner, p := c.cfg.Open(ctx, c.cfg.Name, query, args)
	returned := false
	defer p.Guard(&returned)
	result, err := c.Direct.Exec(inner, query, args)
	returned = true
	if err == driver.ErrSkip {
		c.Next.Skipped(query, wrapped.Caller(ctx), p)
		return result, err
	}
	c.executed(inner, p, &sqlpoint.Given{Query: query, Args: args}, result, err)
	return result, err
}

func (c *conn) executed(ctx context.Context, p profiler.Point, g *sqlpoint.Given, result driver.Result, err error) {
	if err != nil {
		c.fail(ctx, p, g, err)
		return
	}
	c.Next.Answered(nil)
	c.cfg.End(ctx, p, g, affected(result), nil)
}

// affected asks a result that the user might never ask, so whatever goes wrong in
// it must not be noticed.
func affected(result driver.Result) (rows profiler.Encoded) {
	defer func() { _ = recover() }()
	if n, err := result.RowsAffected(); err == nil && n >= 0 {
		rows = sqlpoint.Affected(n)
	}
	return rows
}
