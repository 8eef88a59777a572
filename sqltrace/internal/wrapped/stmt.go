package wrapped

//lint:file-ignore SA1019 Drivers have the deprecated interfaces, so the wrapper has them.

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// Stmt is a driver's prepared statement whose calls in a trace go to a wrapper. The
// wrapper embeds it and calls Init.
type Stmt struct {
	Bare driver.Stmt // the driver's own

	// Running is the point of the query that the statement was prepared for.
	// Until the query begins, whatever keeps it from beginning ends the point.
	Running profiler.Point

	next   *Next
	traced TracedStmt
}

// TracedStmt is a wrapper's handling of the calls of a statement that are made in a
// trace. It tells Conn.Next what the driver answers.
type TracedStmt interface {
	ExecTraced(ctx context.Context, args []driver.NamedValue) (driver.Result, error)
	QueryTraced(ctx context.Context, args []driver.NamedValue) (driver.Rows, error)
}

// Init makes s the statement of c around bare and returns it for database/sql, with
// exactly bare's optional interfaces and the two that take a context.
func (s *Stmt) Init(c *Conn, bare driver.Stmt, traced TracedStmt) driver.Stmt {
	s.Bare, s.next, s.traced = bare, &c.Next, traced
	_, checks := bare.(driver.NamedValueChecker)
	_, converts := bare.(driver.ColumnConverter)
	switch {
	case checks && converts:
		return checkingConvertingStmt{s}
	case checks:
		return checkingStmt{s}
	case converts:
		return convertingStmt{s}
	}
	return s
}

type (
	checkingStmt           struct{ *Stmt }
	convertingStmt         struct{ *Stmt }
	checkingConvertingStmt struct{ *Stmt }
)

func (s checkingStmt) CheckNamedValue(v *driver.NamedValue) error { return s.check(v) }

func (s convertingStmt) ColumnConverter(i int) driver.ValueConverter { return s.converter(i) }

func (s checkingConvertingStmt) CheckNamedValue(v *driver.NamedValue) error { return s.check(v) }

func (s checkingConvertingStmt) ColumnConverter(i int) driver.ValueConverter { return s.converter(i) }

func (s *Stmt) check(v *driver.NamedValue) error {
	checker := s.Bare.(driver.NamedValueChecker)
	if s.Running.Active() {
		return ask(s, func() error { return checker.CheckNamedValue(v) })
	}
	return checker.CheckNamedValue(v)
}

func (s *Stmt) converter(i int) driver.ValueConverter {
	converter := s.Bare.(driver.ColumnConverter)
	if s.Running.Active() {
		return ask(s, func() driver.ValueConverter { return converter.ColumnConverter(i) })
	}
	return converter.ColumnConverter(i)
}

// NumInput implements [driver.Stmt].
func (s *Stmt) NumInput() int {
	if s.Running.Active() {
		return ask(s, s.Bare.NumInput)
	}
	return s.Bare.NumInput()
}

// ask asks the driver about the arguments of the query that s was prepared for. If
// what panics, the query is over, since s need not be closed then.
func ask[T any](s *Stmt, what func() T) T {
	returned := false
	defer s.Running.Guard(&returned)
	v := what()
	returned = true
	return v
}

// Close implements [driver.Stmt].
func (s *Stmt) Close() error {
	s.Running.Discard()
	return s.Bare.Close()
}

// Exec is for users of the statement without database/sql.
func (s *Stmt) Exec(args []driver.Value) (driver.Result, error) { return s.Bare.Exec(args) }

// Query is for users of the statement without database/sql.
func (s *Stmt) Query(args []driver.Value) (driver.Rows, error) { return s.Bare.Query(args) }

// ExecContext implements [driver.StmtExecContext].
func (s *Stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.next.Forget()
	if profiler.Active(ctx) {
		return s.traced.ExecTraced(ctx, args)
	}
	result, err := olddriver.StmtExec(ctx, s.Bare, args)
	s.next.Answered(err)
	return result, err
}

// QueryContext implements [driver.StmtQueryContext].
func (s *Stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.next.Forget()
	if profiler.Active(ctx) {
		return s.traced.QueryTraced(ctx, args)
	}
	rows, err := olddriver.StmtQuery(ctx, s.Bare, args)
	s.next.Answered(err)
	return rows, err
}
