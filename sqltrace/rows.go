package sqltrace

import (
	"context"
	"database/sql/driver"
	"io"
	"log/slog"
	"reflect"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

// rows wraps the rows of a traced query, whose point is open until they are
// closed. database/sql closes them at the end, at an error, when the context
// is over, and when the user says so.
type rows struct {
	driver.Rows
	ctx     context.Context
	point   profiler.Point
	prepare time.Duration
	conn    *conn
	lookout *lookout // nil if database/sql closes the rows in time

	count int64 // rows read
	sets  int64 // result sets after the first
	err   error // what ended the reading
	eof   bool
}

// newRows wraps bare with exactly its optional interfaces.
func (c *conn) newRows(ctx context.Context, p profiler.Point, bare driver.Rows, prepare time.Duration) driver.Rows {
	if t := reflect.TypeOf(bare); t != c.rowsType {
		c.rowsType, c.rowsHave = t, rowsInterfaces(bare)
	}
	r := &rows{Rows: bare, ctx: ctx, point: p, prepare: prepare, conn: c}
	if ctx.Done() == nil {
		r.lookout = c.lookout(p)
	}
	return r.withInterfaces(c.rowsHave)
}

func rowsInterfaces(bare driver.Rows) int {
	has := 0
	if _, ok := bare.(driver.RowsNextResultSet); ok {
		has |= hasNextResultSet
	}
	if _, ok := bare.(driver.RowsColumnTypeScanType); ok {
		has |= hasScanType
	}
	if _, ok := bare.(driver.RowsColumnTypeDatabaseTypeName); ok {
		has |= hasDatabaseTypeName
	}
	if _, ok := bare.(driver.RowsColumnTypeLength); ok {
		has |= hasLength
	}
	if _, ok := bare.(driver.RowsColumnTypeNullable); ok {
		has |= hasNullable
	}
	if _, ok := bare.(driver.RowsColumnTypePrecisionScale); ok {
		has |= hasPrecisionScale
	}
	return has
}

func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	switch err {
	case nil:
		r.count++
	case io.EOF:
		r.eof = true
	default:
		r.err = err
	}
	return err
}

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
	if err == nil {
		err = closeErr
	}
	if err == nil && !r.eof {
		// Closed by database/sql, perhaps: as far as they were read all was well.
		err = r.ctx.Err()
	}
	attrs := make([]slog.Attr, 0, 3)
	attrs = append(attrs, slog.Int64("rows", r.count))
	if r.sets > 0 {
		attrs = append(attrs, slog.Int64("result_sets", r.sets+1))
	}
	if r.prepare > 0 {
		attrs = append(attrs, slog.Duration("prepare", r.prepare))
	}
	r.point.End(ending(r.ctx, err), attrs...)
}

func (r *rows) hasNextResultSet() bool {
	return r.Rows.(driver.RowsNextResultSet).HasNextResultSet()
}

func (r *rows) nextResultSet() error {
	err := r.Rows.(driver.RowsNextResultSet).NextResultSet()
	switch err {
	case nil:
		r.sets++
		r.eof = false
	case io.EOF:
	default:
		r.err = err
	}
	return err
}

func (r *rows) scanType(i int) reflect.Type {
	return r.Rows.(driver.RowsColumnTypeScanType).ColumnTypeScanType(i)
}

func (r *rows) databaseTypeName(i int) string {
	return r.Rows.(driver.RowsColumnTypeDatabaseTypeName).ColumnTypeDatabaseTypeName(i)
}

func (r *rows) length(i int) (int64, bool) {
	return r.Rows.(driver.RowsColumnTypeLength).ColumnTypeLength(i)
}

func (r *rows) nullable(i int) (bool, bool) {
	return r.Rows.(driver.RowsColumnTypeNullable).ColumnTypeNullable(i)
}

func (r *rows) precisionScale(i int) (int64, int64, bool) {
	return r.Rows.(driver.RowsColumnTypePrecisionScale).ColumnTypePrecisionScale(i)
}
