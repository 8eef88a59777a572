package sqlcheck

import (
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

var argumentChecks = []Check{
	{"argument/named", func(e *env) {
		s := modern()
		e.exec(e.open(s).ExecContext(e.ctx, "X", sql.Named("a", 1), sql.Named("b", "two")))
		e.exec(e.open(s).ExecContext(e.ctx, "X SKIP", sql.Named("c", 3)))
		e.calls(s, []string{"1 ExecContext X a=1 b=two", "2 ExecContext X SKIP c=3", "2 StmtExecContext X SKIP c=3"}, "Exec")
	}},
	{"argument/named without contexts", func(e *env) {
		for _, s := range []*fakedb.Server{old(), {Conn: named(connShapes, "only Execer")}, {Conn: named(connShapes, "only Queryer")}} {
			db := e.open(s)
			if _, err := db.ExecContext(e.ctx, "X", sql.Named("a", 1)); err == nil {
				e.errorf("Exec takes a named argument that the driver knows nothing of")
			}
			if _, err := db.QueryContext(e.ctx, "X", sql.Named("a", 1)); err == nil {
				e.errorf("Query takes a named argument that the driver knows nothing of")
			}
			e.calls(s, nil, "Exec", "Query")
		}
	}},
	{"argument/connection checks", func(e *env) {
		s := modern()
		db := e.open(s)
		e.exec(db.ExecContext(e.ctx, "X", fakedb.Custom{V: 5}, "remove", 6))
		e.exec(db.ExecContext(e.ctx, "X SKIP", fakedb.Custom{V: 7}))
		e.calls(s, []string{"1 ExecContext X conn(5) 6", "1 ExecContext X SKIP conn(7)", "1 StmtExecContext X SKIP conn(7)"}, "Exec")
		if _, err := db.ExecContext(e.ctx, "X", "refuse"); !errors.Is(err, fakedb.ErrFail) {
			e.errorf("a refused argument gives the error %v", err)
		}
	}},
	{"argument/statement checks first", func(e *env) {
		s := modern()
		s.Stmt = named(stmtShapes, "all")
		e.exec(e.open(s).ExecContext(e.ctx, "X SKIP", fakedb.Custom{V: 5}))
		e.calls(s, []string{"1 StmtExecContext X SKIP stmt(5)"}, "StmtExec")
	}},
	{"argument/column converter", func(e *env) {
		s := old()
		s.Stmt = named(stmtShapes, "only StmtConverter")
		db := e.open(s)
		e.exec(db.ExecContext(e.ctx, "X ? ?", 4, fakedb.Custom{V: 5}))
		stmt, err := db.PrepareContext(e.ctx, "Y ?")
		e.must(err)
		e.exec(stmt.ExecContext(e.ctx, fakedb.Custom{V: 6}))
		e.must(stmt.Close())
		e.calls(s, []string{"1 StmtExec X ? ? 4 column 1(5)", "1 StmtExec Y ? column 0(6)"}, "Exec")
	}},
	{"argument/column converter after the check", func(e *env) {
		s := old()
		s.Conn = named(connShapes, "only Checker")
		s.Stmt = func(st *fakedb.Stmt) driver.Stmt {
			return struct {
				fakedb.PlainStmt
				skips
				fakedb.StmtConverter
			}{fakedb.PlainStmt{Stmt: st}, skips{}, fakedb.StmtConverter{S: st}}
		}
		e.exec(e.open(s).ExecContext(e.ctx, "X ?", fakedb.Custom{V: 5}))
		e.calls(s, []string{"1 StmtExec X ? column 0(5)"}, "Exec")
	}},
	{"argument/nobody checks", func(e *env) {
		for _, s := range []*fakedb.Server{old(), {Conn: named(connShapes, "all but Checker"), Stmt: fakedb.FullStmt}} {
			if _, err := e.open(s).ExecContext(e.ctx, "X", fakedb.Custom{V: 5}); err == nil {
				e.errorf("an argument is taken that the driver knows nothing of")
			}
			e.calls(s, nil, "Exec")
		}
	}},
	{"argument/number of arguments", func(e *env) {
		s := old()
		if _, err := e.open(s).ExecContext(e.ctx, "X ? ?", 1); err == nil {
			e.errorf("one argument is taken where the statement wants two")
		}
		e.calls(s, nil, "Exec")
	}},
}

// skips is a checker that leaves all to others.
type skips struct{}

func (skips) CheckNamedValue(*driver.NamedValue) error { return driver.ErrSkip }
