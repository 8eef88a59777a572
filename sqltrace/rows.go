package sqltrace

import (
	"context"
	"database/sql/driver"
	"io"
	"log/slog"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
	"github.com/sonde-go/sonde/sqltrace/internal/wrapped"
)

// rows wraps the rows of a traced query, whose point is open until they are
// closed. database/sql closes them at the end, at an error, when the context
// is over, and when the user says so.
type rows struct {
	driver.Rows
	shape   wrapped.Rows
	ctx     context.Context
	point   profiler.Point
	given   *sqlpoint.Given // the connection's; nil once they are closed
	conn    *conn
	lookout *lookout // nil if database/sql closes the rows in time

	count int64 // rows read
	sets  int64 // result sets after the first
	err   error // what ended the reading; io.EOF if all was read
}

func (c *conn) newRows(ctx context.Context, p profiler.Point, g sqlpoint.Given, bare driver.Rows) driver.Rows {
	r := &rows{Rows: bare, ctx: ctx, point: p, given: c.keep(g), conn: c}
	if ctx.Done() == nil {
		r.lookout = c.lookout(p)
	}
	return c.InitRows(&r.shape, r)
}

// Bare implements [wrapped.Reader].
func (r *rows) Bare() driver.Rows { return r.Rows }

// Next implements [driver.Rows].
func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	switch err {
	case nil:
		r.count++
	case io.EOF:
		if r.err == nil {
			r.err = io.EOF
		}
	default:
		r.err = err
	}
	return err
}

// Close implements [driver.Rows].
func (r *rows) Close() error {
	r.conn.released(r.lookout)
	r.lookout = nil
	returned := false
	defer r.point.Guard(&returned)
	err := r.Rows.Close()
	returned = true
	r.end(err)
	return err
}

func (r *rows) end(closeErr error) {
	err := r.err
	if err == nil || err == io.EOF {
		err = closeErr
	}
	if err == nil && r.err == nil {
		// Perhaps closed by database/sql: as far as they were read, all was well.
		err = r.ctx.Err()
	}
	g := r.giveBack()
	attrs := make([]slog.Attr, 0, 3)
	attrs = append(attrs, slog.Int64("rows", r.count))
	if r.sets > 0 {
		attrs = append(attrs, slog.Int64("result_sets", r.sets+1))
	}
	if g.Prepare > 0 {
		attrs = append(attrs, slog.Duration("prepare", g.Prepare))
	}
	r.conn.cfg.End(r.ctx, r.point, g, err, attrs...)
}

// keep is g in memory that the connection has for it, or in new memory if other rows
// have that: drivers may have several open.
func (c *conn) keep(g sqlpoint.Given) *sqlpoint.Given {
	kept := c.given
	if kept == nil {
		kept = &sqlpoint.Given{}
	}
	c.given = nil
	*kept = g
	return kept
}

// giveBack returns what r keeps, and its memory to the connection.
func (r *rows) giveBack() (g sqlpoint.Given) {
	if r.given != nil {
		g, *r.given = *r.given, sqlpoint.Given{}
		r.conn.given, r.given = r.given, nil
	}
	return g
}

// HasNextResultSet implements [driver.RowsNextResultSet].
func (r *rows) HasNextResultSet() bool {
	return r.Rows.(driver.RowsNextResultSet).HasNextResultSet()
}

// NextResultSet implements [driver.RowsNextResultSet].
func (r *rows) NextResultSet() error {
	err := r.Rows.(driver.RowsNextResultSet).NextResultSet()
	switch err {
	case nil:
		r.sets++
		if r.err == io.EOF {
			r.err = nil
		}
	case io.EOF:
	default:
		r.err = err
	}
	return err
}
