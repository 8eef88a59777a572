package sondeotelsql_test

import (
	"context"
	"database/sql/driver"
	"testing"

	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
	sondeotelsql "github.com/sonde-go/sonde/sqltrace/otelsql"
)

// connect gives a connection and a prepared statement of it.
func connect(t *testing.T, c driver.Connector) (driver.Conn, driver.Stmt) {
	conn, err := c.Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	stmt, err := conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), "ROWS 1")
	if err != nil {
		t.Fatal(err)
	}
	return conn, stmt
}

// Untraced calls allocate what the driver allocates and no more.
func TestAllocUntraced(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	server := func() *fakedb.Server {
		s := modern()
		s.Quiet = true
		return s
	}
	ctx := context.Background()
	arg := &driver.NamedValue{Value: int64(1)}
	for name, do := range map[string]func(driver.Conn, driver.Stmt) error{
		"query": func(c driver.Conn, _ driver.Stmt) error {
			rows, err := c.(driver.QueryerContext).QueryContext(ctx, "ROWS 1", nil)
			return drain(rows, err)
		},
		"exec": func(c driver.Conn, _ driver.Stmt) error {
			_, err := c.(driver.ExecerContext).ExecContext(ctx, "UPDATE", nil)
			return err
		},
		"prepared query": func(_ driver.Conn, s driver.Stmt) error {
			rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, nil)
			return drain(rows, err)
		},
		"prepared exec": func(_ driver.Conn, s driver.Stmt) error {
			_, err := s.(driver.StmtExecContext).ExecContext(ctx, nil)
			return err
		},
		"query after ErrSkip": func(c driver.Conn, _ driver.Stmt) error {
			if _, err := c.(driver.QueryerContext).QueryContext(ctx, "SKIP", nil); err != driver.ErrSkip {
				return err
			}
			s, err := c.(driver.ConnPrepareContext).PrepareContext(ctx, "SKIP")
			if err != nil {
				return err
			}
			defer s.Close()
			rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, nil)
			return drain(rows, err)
		},
		"transaction": func(c driver.Conn, _ driver.Stmt) error {
			tx, err := c.(driver.ConnBeginTx).BeginTx(ctx, driver.TxOptions{})
			if err != nil {
				return err
			}
			return tx.Commit()
		},
		"ping and reset": func(c driver.Conn, _ driver.Stmt) error {
			if err := c.(driver.Pinger).Ping(ctx); err != nil {
				return err
			}
			return c.(driver.SessionResetter).ResetSession(ctx)
		},
		"argument": func(c driver.Conn, _ driver.Stmt) error {
			if err := c.(driver.NamedValueChecker).CheckNamedValue(arg); err != driver.ErrSkip {
				return err
			}
			return nil
		},
	} {
		count := func(c driver.Connector) float64 {
			conn, stmt := connect(t, c)
			return race.Allocs(100, func() {
				if err := do(conn, stmt); err != nil {
					t.Fatal(err)
				}
			})
		}
		if bare, wrapped := count(server()), count(sondeotelsql.Wrap(server())); wrapped > bare {
			t.Errorf("%s: %v allocations, the driver alone %v", name, wrapped, bare)
		}
	}
}

func drain(rows driver.Rows, err error) error {
	if err != nil {
		return err
	}
	var dest [2]driver.Value
	for rows.Next(dest[:]) == nil {
	}
	return rows.Close()
}
