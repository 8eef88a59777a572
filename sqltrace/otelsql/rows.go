package sondeotelsql

import (
	"database/sql/driver"

	"github.com/sonde-go/sonde/sqltrace/internal/wrapped"
)

// rows are read through otelsql, and described by the driver.
type rows struct {
	driver.Rows // otelsql's
	bare        driver.Rows
	shape       wrapped.Rows
}

// newRows wraps otel, otelsql's rows around those that the driver gave last.
func (c *conn) newRows(otel driver.Rows) driver.Rows {
	r := &rows{Rows: otel, bare: c.tap.takeRows()}
	return c.InitRows(&r.shape, r)
}

// Bare implements [wrapped.Reader].
func (r *rows) Bare() driver.Rows { return r.bare }

// HasNextResultSet implements [driver.RowsNextResultSet].
func (r *rows) HasNextResultSet() bool {
	return r.bare.(driver.RowsNextResultSet).HasNextResultSet()
}

// NextResultSet implements [driver.RowsNextResultSet].
func (r *rows) NextResultSet() error {
	return r.bare.(driver.RowsNextResultSet).NextResultSet()
}
