package sqlcheck

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

var sessionChecks = []Check{
	{"session/ping", func(e *env) {
		s := modern()
		e.must(e.open(s).PingContext(e.ctx))
		e.calls(s, []string{"1 Ping"}, "Ping")
	}},
	{"session/ping of a driver without one", func(e *env) {
		if err := e.open(old()).PingContext(e.ctx); err != nil {
			e.errorf("error %v, want none", err)
		}
	}},
	{"session/ping finds a bad connection", func(e *env) {
		s := modern()
		db := e.open(s)
		e.must(db.PingContext(e.ctx))
		s.Break(10)
		e.is("Ping", db.PingContext(e.ctx), driver.ErrBadConn)
	}},
	{"session/reset before reuse", func(e *env) {
		s := modern()
		db := e.single(s)
		for range 3 {
			e.exec(db.ExecContext(e.ctx, "X"))
		}
		e.calls(s, []string{"1 ExecContext X", "1 ResetSession", "1 ExecContext X", "1 ResetSession", "1 ExecContext X"}, "Reset", "Exec")
	}},
	{"session/reset finds a bad connection", func(e *env) {
		s := modern()
		db := e.single(s)
		e.exec(db.ExecContext(e.ctx, "X"))
		s.Break(0)
		e.exec(db.ExecContext(e.ctx, "X"))
		e.calls(s, []string{"1 ExecContext X", "1 ResetSession", "2 ExecContext X"}, "Reset", "Exec")
	}},
	{"session/invalid connections are not reused", func(e *env) {
		for _, shape := range []string{"all", "only Validator"} {
			s := &fakedb.Server{Conn: named(connShapes, shape), Valid: func(*fakedb.Conn) bool { return false }}
			db := e.single(s)
			for range 2 {
				e.exec(db.ExecContext(e.ctx, "X"))
			}
			e.calls(s, []string{"1 Connect", "2 Connect"}, "Connect")
		}
	}},
	{"session/rollback keeps the connection only if it can be checked", func(e *env) {
		for shape, keep := range map[string]bool{"all": true, "all but Resetter": false, "all but Validator": false, "none": false} {
			s := &fakedb.Server{Conn: named(connShapes, shape)}
			db := e.single(s)
			ctx, cancel := context.WithCancel(e.ctx)
			_, err := db.BeginTx(ctx, nil)
			e.must(err)
			cancel()
			e.settles(shape+": the transaction was not rolled back", func() bool { return db.Stats().InUse == 0 })
			e.exec(db.ExecContext(e.ctx, "X"))
			if kept := len(s.Calls("Connect")) == 1; kept != keep {
				e.errorf("%s: the connection was kept: %v, want %v", shape, kept, keep)
			}
		}
	}},
	{"session/a bad connection is tried elsewhere", func(e *env) {
		stmts := map[string]func(db *sql.DB) error{
			"exec":    func(db *sql.DB) error { _, err := db.ExecContext(e.ctx, "X"); return err },
			"query":   func(db *sql.DB) error { e.rows(1)(db.QueryContext(e.ctx, "ROWS 1")); return nil },
			"prepare": func(db *sql.DB) error { return e.prepareOnly(db) },
			"begin":   func(db *sql.DB) error { return e.beginOnly(db) },
		}
		for name, do := range stmts {
			for _, shape := range []string{"all but Resetter", "none"} {
				s := &fakedb.Server{Conn: named(connShapes, shape)}
				db := e.single(s)
				e.exec(db.ExecContext(e.ctx, "FIRST"))
				s.Break(0)
				if err := do(db); err != nil {
					e.errorf("%s (%s): error %v", name, shape, err)
				}
				if n := len(s.Calls("Connect")); n != 2 {
					e.errorf("%s (%s): %d connections, want 2", name, shape, n)
				}
			}
		}
	}},
	{"session/a bad connection of a prepared statement", func(e *env) {
		s := &fakedb.Server{Conn: named(connShapes, "all but Resetter"), Stmt: fakedb.FullStmt}
		db := e.single(s)
		stmt, err := db.PrepareContext(e.ctx, "ROWS 2")
		e.must(err)
		e.rows(2)(stmt.QueryContext(e.ctx))
		s.Break(0)
		e.rows(2)(stmt.QueryContext(e.ctx))
		e.must(stmt.Close())
		e.calls(s, []string{"1 PrepareContext ROWS 2", "2 PrepareContext ROWS 2"}, "Prepare")
	}},
	{"session/all connections are bad", func(e *env) {
		s := modern()
		s.Break(100)
		_, err := e.open(s).ExecContext(e.ctx, "X")
		e.is("Exec", err, driver.ErrBadConn)
		if n := len(s.Calls("Exec")); n != 3 {
			e.errorf("%d tries, want 3", n)
		}
	}},
}

func (e *env) prepareOnly(db *sql.DB) error {
	stmt, err := db.PrepareContext(e.ctx, "X")
	if err == nil {
		err = stmt.Close()
	}
	return err
}

func (e *env) beginOnly(db *sql.DB) error {
	tx, err := db.BeginTx(e.ctx, nil)
	if err == nil {
		err = tx.Commit()
	}
	return err
}
