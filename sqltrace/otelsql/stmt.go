package sondeotelsql

//lint:file-ignore SA1019 Drivers have the deprecated interfaces.

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// stmt is a prepared statement that goes the driver's way, and otelsql's in a
// trace, however it was prepared.
type stmt struct {
	conn  *conn
	bare  driver.Stmt
	otel  otelStmt // nil until the first traced call
	query string
}

// otelStmt is what otelsql's statements are.
type otelStmt interface {
	driver.StmtExecContext
	driver.StmtQueryContext
}

// newStmt wraps bare with exactly its optional interfaces, and the two that
// take a context. otel is otelsql's statement around bare, if there is one.
func newStmt(c *conn, bare driver.Stmt, query string, otel otelStmt) driver.Stmt {
	s := &stmt{conn: c, bare: bare, otel: otel, query: query}
	checker, checks := bare.(driver.NamedValueChecker)
	converter, converts := bare.(driver.ColumnConverter)
	switch {
	case checks && converts:
		return struct {
			*stmt
			driver.NamedValueChecker
			converting
		}{s, checker, converting{converter}}
	case checks:
		return struct {
			*stmt
			driver.NamedValueChecker
		}{s, checker}
	case converts:
		return struct {
			*stmt
			converting
		}{s, converting{converter}}
	}
	return s
}

// converting has the method that a field ColumnConverter would hide.
type converting struct{ c driver.ColumnConverter }

func (c converting) ColumnConverter(i int) driver.ValueConverter { return c.c.ColumnConverter(i) }

func (s *stmt) Close() error { return s.bare.Close() }

func (s *stmt) NumInput() int { return s.bare.NumInput() }

// Exec is for those who use the statement without database/sql.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) { return s.bare.Exec(args) }

// Query is for those who use the statement without database/sql.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) { return s.bare.Query(args) }

// begin prepares a traced call.
func (s *stmt) begin(ctx context.Context) (context.Context, error) {
	ctx, err := s.conn.begin(ctx)
	if err != nil || s.otel != nil {
		return ctx, err
	}
	s.conn.tap.adopt = s.bare
	otel, err := s.conn.otel.PrepareContext(context.Background(), s.query)
	if err != nil {
		return nil, err
	}
	s.otel = otel.(otelStmt)
	return ctx, nil
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.skipped = ""
	if !profiler.Active(ctx) {
		r, err := olddriver.StmtExec(ctx, s.bare, args)
		return r, s.conn.worked(err)
	}
	ctx, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.otel.ExecContext(ctx, args)
	return r, s.conn.worked(err)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.skipped = ""
	if !profiler.Active(ctx) {
		r, err := olddriver.StmtQuery(ctx, s.bare, args)
		return r, s.conn.worked(err)
	}
	ctx, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	otel, err := s.otel.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	return s.conn.queried(otel), nil
}
