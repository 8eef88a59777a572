package fakedb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// Rows are rows without optional interfaces: columns "n" and "s".
type Rows struct {
	conn *Conn
	ctx  context.Context
	verb string
	sets []int // rows of each result set
	next int
}

func (c *Conn) newRows(ctx context.Context, text string) driver.Rows {
	c.count(0, 1)
	r := &Rows{conn: c, ctx: ctx, sets: []int{0}}
	words := strings.Fields(text)
	if len(words) > 1 && (words[0] == "ROWS" || strings.HasSuffix(words[0], "ROW")) {
		r.verb, r.sets = words[0], nil
		for _, w := range words[1:] {
			if n, err := strconv.Atoi(w); err == nil {
				r.sets = append(r.sets, n)
			}
		}
	}
	if c.Rows != nil {
		return c.Server.Rows(r)
	}
	return r
}

// Columns implements [driver.Rows].
func (r *Rows) Columns() []string { return []string{"n", "s"} }

// Close implements [driver.Rows].
func (r *Rows) Close() error {
	r.conn.note("CloseRows", "")
	r.conn.count(0, -1)
	return nil
}

// Next implements [driver.Rows].
func (r *Rows) Next(dest []driver.Value) error {
	if r.next >= r.sets[0] {
		return io.EOF
	}
	r.next++
	if r.next == r.sets[0] {
		switch r.verb {
		case "ERRROW":
			return ErrFail
		case "WAITROW":
			return wait(r.ctx)
		}
	}
	dest[0] = int64(r.next)
	dest[1] = fmt.Sprintf("row %d", r.next)
	return nil
}

// The optional interfaces of rows, to be embedded beside *Rows.
type (
	NextSet          struct{ R *Rows } // [driver.RowsNextResultSet]
	ScanType         struct{}          // [driver.RowsColumnTypeScanType]
	DatabaseTypeName struct{}          // [driver.RowsColumnTypeDatabaseTypeName]
	Length           struct{}          // [driver.RowsColumnTypeLength]
	Nullable         struct{}          // [driver.RowsColumnTypeNullable]
	PrecisionScale   struct{}          // [driver.RowsColumnTypePrecisionScale]
)

// HasNextResultSet implements [driver.RowsNextResultSet].
func (p NextSet) HasNextResultSet() bool { return len(p.R.sets) > 1 }

// NextResultSet implements [driver.RowsNextResultSet].
func (p NextSet) NextResultSet() error {
	if len(p.R.sets) < 2 {
		return io.EOF
	}
	p.R.sets, p.R.next = p.R.sets[1:], 0
	return nil
}

// ColumnTypeScanType implements [driver.RowsColumnTypeScanType].
func (ScanType) ColumnTypeScanType(i int) reflect.Type {
	if i == 0 {
		return reflect.TypeFor[int32]()
	}
	return reflect.TypeFor[string]()
}

// ColumnTypeDatabaseTypeName implements [driver.RowsColumnTypeDatabaseTypeName].
func (DatabaseTypeName) ColumnTypeDatabaseTypeName(i int) string { return fmt.Sprintf("TYPE%d", i) }

// ColumnTypeLength implements [driver.RowsColumnTypeLength].
func (Length) ColumnTypeLength(i int) (int64, bool) { return int64(i + 100), true }

// ColumnTypeNullable implements [driver.RowsColumnTypeNullable].
func (Nullable) ColumnTypeNullable(i int) (nullable, ok bool) { return i == 1, true }

// ColumnTypePrecisionScale implements [driver.RowsColumnTypePrecisionScale].
func (PrecisionScale) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	return int64(i + 10), 2, true
}

// FullRows are rows with all optional interfaces.
func FullRows(r *Rows) driver.Rows {
	return struct {
		*Rows
		NextSet
		ScanType
		DatabaseTypeName
		Length
		Nullable
		PrecisionScale
	}{r, NextSet{r}, ScanType{}, DatabaseTypeName{}, Length{}, Nullable{}, PrecisionScale{}}
}
