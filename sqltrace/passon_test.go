package sqltrace_test

import (
	"context"
	"database/sql/driver"
	"testing"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

// unwinding is a driver of which one method does not return.
type unwinding struct {
	*fakedb.Server
	at string // the method
	fn func()
}

func (u unwinding) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := u.Server.Connect(ctx)
	if u.at == "Connect" {
		u.fn()
	}
	return unwindingConn{c, u}, err
}

type unwindingConn struct {
	driver.Conn
	u unwinding
}

func (c unwindingConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	if c.u.at == "ExecContext" {
		c.u.fn()
	}
	return nil, driver.ErrSkip
}

func (c unwindingConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nil, driver.ErrSkip
}

func (c unwindingConn) Prepare(query string) (driver.Stmt, error) {
	s, err := c.Conn.Prepare(query)
	return unwindingStmt{s, c.u}, err
}

type unwindingStmt struct {
	driver.Stmt
	u unwinding
}

func (s unwindingStmt) NumInput() int {
	if s.u.at == "NumInput" {
		s.u.fn()
	}
	return s.Stmt.NumInput()
}

func (s unwindingStmt) CheckNamedValue(*driver.NamedValue) error {
	if s.u.at == "CheckNamedValue" {
		s.u.fn()
	}
	return driver.ErrSkip
}

func (s unwindingStmt) ColumnConverter(int) driver.ValueConverter {
	if s.u.at == "ColumnConverter" {
		s.u.fn()
	}
	return driver.DefaultParameterConverter
}

// However a driver's method ends, that passes on and ends the point.
func TestDriversPassOn(t *testing.T) {
	for _, at := range []string{"Connect", "ExecContext", "NumInput", "CheckNamedValue", "ColumnConverter"} {
		for _, call := range []string{"exec", "query"} {
			if call == "query" && at == "ExecContext" {
				continue
			}
			t.Run(at+"/"+call, func(t *testing.T) {
				svc, rec := profilertest.New(t, "test")
				ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
				defer root.Stop()
				profilertest.PassOn(t, func(fn func()) {
					db := open(t, unwinding{modern(), at, fn})
					if call == "exec" {
						_, _ = db.ExecContext(ctx, "UPDATE ?", 1)
					} else {
						_, _ = db.QueryContext(ctx, "UPDATE ?", 1)
					}
				})
				point := "db"
				if at == "Connect" {
					point = "db_connect"
				} else {
					for _, p := range rec.Named(t, "db_connect") {
						if !p.Stopped {
							t.Errorf("%+v", p)
						}
					}
				}
				rec.Unwound(t, point)
			})
		}
	}
}
