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
	reading *reading // nil once they are closed
}

// reading is what is known of rows until they are closed. Only they refer to it, then
// the connection keeps it for its next rows.
type reading struct {
	conn  *conn
	ctx   context.Context
	point profiler.Point
	given sqlpoint.Given
	alarm alarm

	count int64 // rows read
	sets  int64 // result sets after the first
	err   error // what ended the reading; io.EOF if all was read
}

func (c *conn) newRows(ctx context.Context, p profiler.Point, g *sqlpoint.Given, bare driver.Rows) driver.Rows {
	k := c.spare
	if k == nil { // drivers may have several rows open
		k = &reading{conn: c}
	}
	c.spare = nil
	k.ctx, k.point, k.given = ctx, p, *g
	if ctx.Done() == nil { // else database/sql closes the rows in time
		k.alarm.set(k)
	}
	r := &rows{Rows: bare, reading: k}
	return c.InitRows(&r.shape, r)
}

// Bare implements [wrapped.Reader].
func (r *rows) Bare() driver.Rows { return r.Rows }

// Next implements [driver.Rows].
func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if k := r.reading; k != nil {
		switch err {
		case nil:
			k.count++
		case io.EOF:
			if k.err == nil {
				k.err = io.EOF
			}
		default:
			k.err = err
		}
	}
	return err
}

// Close implements [driver.Rows].
func (r *rows) Close() error {
	k := r.reading
	if k == nil {
		return r.Rows.Close()
	}
	r.reading = nil
	k.alarm.stop()
	returned := false
	defer k.point.Guard(&returned)
	err := r.Rows.Close()
	returned = true
	k.end(err)
	return err
}

// end ends the point and gives k back to the connection.
func (k *reading) end(closeErr error) {
	err := k.err
	if err == nil || err == io.EOF {
		err = closeErr
	}
	if err == nil && k.err == nil {
		// Perhaps closed by database/sql: as far as they were read, all was well.
		err = k.ctx.Err()
	}
	var attrs []slog.Attr
	if k.sets > 0 {
		attrs = []slog.Attr{slog.Int64("result_sets", k.sets+1)}
	}
	k.conn.cfg.End(k.ctx, k.point, &k.given, sqlpoint.Rows(k.count), err, attrs...)
	*k = reading{conn: k.conn, alarm: k.alarm}
	k.conn.spare = k
}

// HasNextResultSet implements [driver.RowsNextResultSet].
func (r *rows) HasNextResultSet() bool {
	return r.Rows.(driver.RowsNextResultSet).HasNextResultSet()
}

// NextResultSet implements [driver.RowsNextResultSet].
func (r *rows) NextResultSet() error {
	err := r.Rows.(driver.RowsNextResultSet).NextResultSet()
	if k := r.reading; k != nil {
		switch err {
		case nil:
			k.sets++
			if k.err == io.EOF {
				k.err = nil
			}
		case io.EOF:
		default:
			k.err = err
		}
	}
	return err
}
