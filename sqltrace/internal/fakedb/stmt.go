package fakedb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
)

// Stmt is what all statements have in common.
type Stmt struct {
	Conn  *Conn
	Query string
}

// Close implements [driver.Stmt].
func (s *Stmt) Close() error {
	s.Conn.note("CloseStmt", s.Query)
	s.Conn.count(-1, 0)
	return nil
}

// NumInput implements [driver.Stmt]: the number of question marks, or not
// known if there is none.
func (s *Stmt) NumInput() int {
	if n := strings.Count(s.Query, "?"); n > 0 {
		return n
	}
	return -1
}

// PlainStmt is a statement without optional interfaces.
type PlainStmt struct{ *Stmt }

// Exec implements [driver.Stmt].
func (s PlainStmt) Exec(args []driver.Value) (driver.Result, error) {
	s.Conn.note("StmtExec", s.Stmt.Query, named(args)...)
	return s.Conn.exec(context.Background(), s.Stmt.Query, false)
}

// Query implements [driver.Stmt].
func (s PlainStmt) Query(args []driver.Value) (driver.Rows, error) {
	s.Conn.note("StmtQuery", s.Stmt.Query, named(args)...)
	return s.Conn.query(context.Background(), s.Stmt.Query, false)
}

// The optional interfaces of a statement, to be embedded beside a PlainStmt.
type (
	StmtExecer    struct{ S *Stmt } // [driver.StmtExecContext]
	StmtQueryer   struct{ S *Stmt } // [driver.StmtQueryContext]
	StmtChecker   struct{ S *Stmt } // [driver.NamedValueChecker]
	StmtConverter struct{ S *Stmt } // [driver.ColumnConverter]
)

// ExecContext implements [driver.StmtExecContext].
func (p StmtExecer) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	p.S.Conn.context("StmtExecContext", ctx)
	p.S.Conn.note("StmtExecContext", p.S.Query, args...)
	return p.S.Conn.exec(ctx, p.S.Query, false)
}

// QueryContext implements [driver.StmtQueryContext].
func (p StmtQueryer) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	p.S.Conn.context("StmtQueryContext", ctx)
	p.S.Conn.note("StmtQueryContext", p.S.Query, args...)
	return p.S.Conn.query(ctx, p.S.Query, false)
}

// CheckNamedValue implements [driver.NamedValueChecker].
func (p StmtChecker) CheckNamedValue(v *driver.NamedValue) error { return check("stmt", v) }

// ColumnConverter implements [driver.ColumnConverter]: a Custom becomes
// "column 0(5)".
func (p StmtConverter) ColumnConverter(i int) driver.ValueConverter { return converter(i) }

type converter int

func (c converter) ConvertValue(v any) (driver.Value, error) {
	if x, ok := v.(Custom); ok {
		return fmt.Sprintf("column %d(%d)", int(c), x.V), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}

// FullStmt is a statement with all that a modern driver has.
func FullStmt(s *Stmt) driver.Stmt {
	return struct {
		PlainStmt
		StmtExecer
		StmtQueryer
	}{PlainStmt{s}, StmtExecer{s}, StmtQueryer{s}}
}
