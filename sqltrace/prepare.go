package sqltrace

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
	"github.com/sonde-go/sonde/sqltrace/internal/wrapped"
)

// stmt handles the calls of a prepared statement that are made in a trace.
type stmt struct {
	wrapped.Stmt
	conn    *conn
	query   string
	prepare time.Duration // not recorded yet
}

// NewStmt implements [wrapped.TracedConn].
func (c *conn) NewStmt(bare driver.Stmt, query string) driver.Stmt {
	s := &stmt{conn: c, query: query}
	return s.Init(&c.Conn, bare, s)
}

// PrepareTraced prepares a statement in a trace. If again is true, the driver has
// refused to run the statement directly, and preparing it is part of the query p.
// If the driver can run statements directly, the user has asked for preparing it,
// which is a point of its own. Otherwise the two cases cannot be told apart: the
// first query says how long preparing took.
func (c *conn) PrepareTraced(ctx context.Context, query string, p profiler.Point, again bool) (driver.Stmt, error) {
	inner := ctx
	if !again {
		inner, p = c.cfg.Open(ctx, c.cfg.PrepareName, query, nil)
	}
	returned := false
	defer p.Guard(&returned)
	start := time.Now()
	bare, err := olddriver.Prepare(inner, c.Bare, query)
	returned = true
	if err != nil {
		c.fail(ctx, p, &sqlpoint.Given{Query: query}, err)
		return nil, err
	}
	s := &stmt{conn: c, query: query}
	switch {
	case again:
		s.Running = p
	case c.Direct.Any():
		p.End(profiler.Ending{Group: layer.SQL.Group})
	default:
		p.Discard()
		s.prepare = time.Since(start)
	}
	return s.Init(&c.Conn, bare, s), nil
}

// ExecTraced implements [wrapped.TracedStmt].
func (s *stmt) ExecTraced(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	inner, p, prepare := s.open(ctx, args)
	returned := false
	defer p.Guard(&returned)
	result, err := olddriver.StmtExec(inner, s.Bare, args)
	returned = true
	s.conn.executed(inner, p, &sqlpoint.Given{Query: s.query, Args: args, Prepare: prepare}, result, err)
	return result, err
}

// QueryTraced implements [wrapped.TracedStmt].
func (s *stmt) QueryTraced(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	inner, p, prepare := s.open(ctx, args)
	returned := false
	defer p.Guard(&returned)
	rows, err := olddriver.StmtQuery(inner, s.Bare, args)
	returned = true
	return s.conn.queried(inner, p, &sqlpoint.Given{Query: s.query, Args: args, Prepare: prepare}, rows, err)
}

// open begins a query, or continues the one that s was prepared for.
func (s *stmt) open(ctx context.Context, args []driver.NamedValue) (context.Context, profiler.Point, time.Duration) {
	if p := s.Running; p.Active() {
		s.Running = profiler.Point{}
		return ctx, p, 0
	}
	prepare := s.prepare
	s.prepare = 0
	inner, p := s.conn.cfg.Open(ctx, s.conn.cfg.Name, s.query, args)
	return inner, p, prepare
}
