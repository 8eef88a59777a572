package wrapped

//lint:file-ignore SA1019 Drivers have the deprecated interfaces, so the wrapper has them.

import (
	"database/sql/driver"
	"fmt"
	"testing"
)

// TestEveryCombinationOfConn: the types that are generated have the interfaces
// of their number, no more and no less.
func TestEveryCombinationOfConn(t *testing.T) {
	seen := map[string]bool{}
	for has := range 1 << 8 {
		if has&hasExecer != 0 && has&hasExecerContext == 0 || has&hasQueryer != 0 && has&hasQueryerContext == 0 {
			continue
		}
		c := &Conn{Bare: struct {
			driver.Conn
			driver.Pinger
			driver.Validator
			driver.NamedValueChecker
			driver.Execer
			driver.Queryer
		}{}}
		w := c.withInterfaces(has)
		got := 0
		for i, ok := range []bool{
			is[driver.Pinger](w), is[driver.SessionResetter](w), is[driver.Validator](w), is[driver.NamedValueChecker](w),
			is[driver.ExecerContext](w), is[driver.QueryerContext](w), is[driver.Execer](w), is[driver.Queryer](w),
		} {
			if ok {
				got |= 1 << i
			}
		}
		if got != has {
			t.Errorf("combination %08b has the interfaces %08b", has, got)
		}
		if !is[driver.ConnBeginTx](w) || !is[driver.ConnPrepareContext](w) {
			t.Errorf("combination %08b lacks a form with a context", has)
		}
		seen[fmt.Sprintf("%T", w)] = true
	}
	if len(seen) != 144 {
		t.Errorf("%d types, want 144", len(seen))
	}
}

func TestEveryCombinationOfRows(t *testing.T) {
	for has := range 1 << 6 {
		w := (&Rows{}).withInterfaces(has)
		got := 0
		for i, ok := range []bool{
			is[driver.RowsNextResultSet](w), is[driver.RowsColumnTypeScanType](w), is[driver.RowsColumnTypeDatabaseTypeName](w),
			is[driver.RowsColumnTypeLength](w), is[driver.RowsColumnTypeNullable](w), is[driver.RowsColumnTypePrecisionScale](w),
		} {
			if ok {
				got |= 1 << i
			}
		}
		if got != has {
			t.Errorf("combination %06b has the interfaces %06b", has, got)
		}
	}
}

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}
