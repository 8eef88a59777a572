package wrapped

import (
	"database/sql/driver"
	"reflect"
)

// Rows are the rows of a traced query, as database/sql gets them: read through a
// wrapper and described by the driver. They are a field of the wrapper's rows; the
// types in combos_gen.go are pointers to it and need no memory of their own.
type Rows struct{ reader Reader }

// Reader is a wrapper's way to read rows. The methods of
// [driver.RowsNextResultSet] are called only if the driver's rows have them.
type Reader interface {
	driver.Rows
	driver.RowsNextResultSet
	// Bare returns the driver's own rows.
	Bare() driver.Rows
}

// InitRows makes r the rows that reader reads and returns them for database/sql,
// with exactly the optional interfaces of the driver's rows.
func (c *Conn) InitRows(r *Rows, reader Reader) driver.Rows {
	r.reader = reader
	bare := reader.Bare()
	if t := reflect.TypeOf(bare); t != c.rowsType {
		c.rowsType, c.rowsHave = t, rowsInterfaces(bare)
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

// Columns implements [driver.Rows].
func (r *Rows) Columns() []string { return r.reader.Columns() }

// Next implements [driver.Rows].
func (r *Rows) Next(dest []driver.Value) error { return r.reader.Next(dest) }

// Close implements [driver.Rows].
func (r *Rows) Close() error { return r.reader.Close() }

func (r *Rows) hasNextResultSet() bool { return r.reader.HasNextResultSet() }

func (r *Rows) nextResultSet() error { return r.reader.NextResultSet() }

func (r *Rows) scanType(i int) reflect.Type {
	return r.reader.Bare().(driver.RowsColumnTypeScanType).ColumnTypeScanType(i)
}

func (r *Rows) databaseTypeName(i int) string {
	return r.reader.Bare().(driver.RowsColumnTypeDatabaseTypeName).ColumnTypeDatabaseTypeName(i)
}

func (r *Rows) length(i int) (length int64, ok bool) {
	return r.reader.Bare().(driver.RowsColumnTypeLength).ColumnTypeLength(i)
}

func (r *Rows) nullable(i int) (nullable, ok bool) {
	return r.reader.Bare().(driver.RowsColumnTypeNullable).ColumnTypeNullable(i)
}

func (r *Rows) precisionScale(i int) (precision, scale int64, ok bool) {
	return r.reader.Bare().(driver.RowsColumnTypePrecisionScale).ColumnTypePrecisionScale(i)
}
