package sondeotelsql

import (
	"database/sql/driver"
	"reflect"
)

// rows are read through otelsql, and described by the driver.
type rows struct {
	driver.Rows // otelsql's
	bare        driver.Rows
}

// newRows wraps otel, otelsql's rows around bare, with exactly the optional
// interfaces of bare.
func newRows(otel, bare driver.Rows) driver.Rows {
	has := 0
	for i, ok := range []bool{
		is[driver.RowsNextResultSet](bare), is[driver.RowsColumnTypeScanType](bare),
		is[driver.RowsColumnTypeDatabaseTypeName](bare), is[driver.RowsColumnTypeLength](bare),
		is[driver.RowsColumnTypeNullable](bare), is[driver.RowsColumnTypePrecisionScale](bare),
	} {
		if ok {
			has |= 1 << i
		}
	}
	return (&rows{otel, bare}).withInterfaces(has)
}

func (r *rows) hasNextResultSet() bool {
	return r.bare.(driver.RowsNextResultSet).HasNextResultSet()
}

func (r *rows) nextResultSet() error {
	return r.bare.(driver.RowsNextResultSet).NextResultSet()
}

func (r *rows) scanType(i int) reflect.Type {
	return r.bare.(driver.RowsColumnTypeScanType).ColumnTypeScanType(i)
}

func (r *rows) databaseTypeName(i int) string {
	return r.bare.(driver.RowsColumnTypeDatabaseTypeName).ColumnTypeDatabaseTypeName(i)
}

func (r *rows) length(i int) (length int64, ok bool) {
	return r.bare.(driver.RowsColumnTypeLength).ColumnTypeLength(i)
}

func (r *rows) nullable(i int) (nullable, ok bool) {
	return r.bare.(driver.RowsColumnTypeNullable).ColumnTypeNullable(i)
}

func (r *rows) precisionScale(i int) (precision, scale int64, ok bool) {
	return r.bare.(driver.RowsColumnTypePrecisionScale).ColumnTypePrecisionScale(i)
}
