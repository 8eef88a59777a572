package sqltrace

//lint:file-ignore SA1019 Drivers have the deprecated interfaces, so the wrapper has them.

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// stmt wraps a prepared statement.
type stmt struct {
	bare  driver.Stmt
	conn  *conn
	query string

	running profiler.Point // the query that it was prepared for
	prepare time.Duration  // not recorded yet
}

// withInterfaces is s with exactly the optional interfaces of the driver's
// statement, and the two that take a context.
func (s *stmt) withInterfaces() driver.Stmt {
	_, checks := s.bare.(driver.NamedValueChecker)
	_, converts := s.bare.(driver.ColumnConverter)
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
	checkingStmt           struct{ *stmt }
	convertingStmt         struct{ *stmt }
	checkingConvertingStmt struct{ *stmt }
)

func (s checkingStmt) CheckNamedValue(v *driver.NamedValue) error { return s.check(v) }

func (s convertingStmt) ColumnConverter(i int) driver.ValueConverter { return s.converter(i) }

func (s checkingConvertingStmt) CheckNamedValue(v *driver.NamedValue) error { return s.check(v) }

func (s checkingConvertingStmt) ColumnConverter(i int) driver.ValueConverter { return s.converter(i) }

func (s *stmt) check(v *driver.NamedValue) error {
	checker := s.bare.(driver.NamedValueChecker)
	if s.running.Active() {
		return ask(s, func() error { return checker.CheckNamedValue(v) })
	}
	return checker.CheckNamedValue(v)
}

func (s *stmt) converter(i int) driver.ValueConverter {
	converter := s.bare.(driver.ColumnConverter)
	if s.running.Active() {
		return ask(s, func() driver.ValueConverter { return converter.ColumnConverter(i) })
	}
	return converter.ColumnConverter(i)
}

func (s *stmt) NumInput() int {
	if s.running.Active() {
		return ask(s, s.bare.NumInput)
	}
	return s.bare.NumInput()
}

// ask asks the driver about the arguments of the query that s was prepared
// for. If it does not return, the query is over: nobody need close s then.
func ask[T any](s *stmt, what func() T) T {
	returned := false
	defer s.running.Guard(&returned)
	v := what()
	returned = true
	return v
}

func (s *stmt) Close() error {
	s.running.Discard()
	return s.bare.Close()
}

// Exec is for those who use the statement without database/sql.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) { return s.bare.Exec(args) }

// Query is for those who use the statement without database/sql.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) { return s.bare.Query(args) }

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.forgetSkipped()
	if profiler.Active(ctx) {
		return s.execTraced(ctx, args)
	}
	result, err := olddriver.StmtExec(ctx, s.bare, args)
	if err == nil {
		s.conn.used = true
	}
	return result, err
}

func (s *stmt) execTraced(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	inner, p, prepare := s.open(ctx, args)
	returned := false
	defer p.Guard(&returned)
	result, err := olddriver.StmtExec(inner, s.bare, args)
	returned = true
	s.conn.executed(inner, p, result, err, prepare)
	return result, err
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.forgetSkipped()
	if profiler.Active(ctx) {
		return s.queryTraced(ctx, args)
	}
	rows, err := olddriver.StmtQuery(ctx, s.bare, args)
	if err == nil {
		s.conn.used = true
	}
	return rows, err
}

func (s *stmt) queryTraced(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	inner, p, prepare := s.open(ctx, args)
	returned := false
	defer p.Guard(&returned)
	rows, err := olddriver.StmtQuery(inner, s.bare, args)
	returned = true
	return s.conn.queried(inner, p, rows, err, prepare)
}

// open begins a query, or goes on with the one that s was prepared for.
func (s *stmt) open(ctx context.Context, args []driver.NamedValue) (context.Context, profiler.Point, time.Duration) {
	if p := s.running; p.Active() {
		s.running = profiler.Point{}
		return ctx, p, 0
	}
	prepare := s.prepare
	s.prepare = 0
	inner, p := s.conn.cfg.open(ctx, pointQuery, s.query, args)
	return inner, p, prepare
}
