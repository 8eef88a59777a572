package sondeotelsql

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/sqltrace/internal/wrapped"
)

// stmt handles the calls of a prepared statement that are made in a trace, by way
// of otelsql, however the statement was prepared.
type stmt struct {
	wrapped.Stmt
	conn  *conn
	otel  otelStmt // nil until the first traced call
	query string
}

// otelStmt has the methods of otelsql's statements.
type otelStmt interface {
	driver.StmtExecContext
	driver.StmtQueryContext
}

// NewStmt implements [wrapped.TracedConn].
func (c *conn) NewStmt(bare driver.Stmt, query string) driver.Stmt {
	return newStmt(c, bare, query, nil)
}

// newStmt is the statement around bare. otel is otelsql's statement around
// bare, if there is one.
func newStmt(c *conn, bare driver.Stmt, query string, otel otelStmt) driver.Stmt {
	s := &stmt{conn: c, otel: otel, query: query}
	return s.Init(&c.Conn, bare, s)
}

// begin prepares a traced call.
func (s *stmt) begin(ctx context.Context) (context.Context, error) {
	ctx, err := s.conn.begin(ctx)
	if err != nil || s.otel != nil {
		return ctx, err
	}
	s.conn.tap.adopt = s.Bare
	otel, err := s.conn.otel.PrepareContext(context.Background(), s.query)
	if err != nil {
		return nil, err
	}
	s.otel = otel.(otelStmt)
	return ctx, nil
}

// ExecTraced implements [wrapped.TracedStmt].
func (s *stmt) ExecTraced(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	ctx, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.otel.ExecContext(ctx, args)
	s.conn.Next.Answered(err)
	return r, err
}

// QueryTraced implements [wrapped.TracedStmt].
func (s *stmt) QueryTraced(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	ctx, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	otel, err := s.otel.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.conn.Next.Answered(nil)
	return s.conn.newRows(otel), nil
}
