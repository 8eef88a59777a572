package sqlcheck

import (
	"database/sql"

	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

var statementChecks = []Check{
	{"statement/exec", func(e *env) {
		s := modern()
		e.exec(e.open(s).ExecContext(e.ctx, "X", 1, "two"))
		e.calls(s, []string{"1 ExecContext X 1 two"}, "Exec", "Prepare")
	}},
	{"statement/query", func(e *env) {
		s := modern()
		e.rows(3)(e.open(s).QueryContext(e.ctx, "ROWS 3", 1))
		e.calls(s, []string{"1 QueryContext ROWS 3 1", "1 CloseRows"}, "Query", "Prepare", "CloseRows")
	}},
	{"statement/no rows", func(e *env) {
		err := e.open(modern()).QueryRowContext(e.ctx, "ROWS 0").Scan(new(int), new(string))
		e.is("Scan", err, sql.ErrNoRows)
	}},
	{"statement/exec of a driver without contexts", func(e *env) {
		s := old()
		s.Conn = named(connShapes, "only Execer")
		e.exec(e.open(s).ExecContext(e.ctx, "X", 1))
		e.calls(s, []string{"1 Exec X 1"}, "Exec", "Prepare")
	}},
	{"statement/query of a driver without contexts", func(e *env) {
		s := old()
		s.Conn = named(connShapes, "only Queryer")
		e.rows(2)(e.open(s).QueryContext(e.ctx, "ROWS 2", 1))
		e.calls(s, []string{"1 Query ROWS 2 1"}, " Query", "Prepare")
	}},
	{"statement/exec of a driver that prepares all", func(e *env) {
		s := old()
		e.exec(e.open(s).ExecContext(e.ctx, "X", 1))
		e.calls(s, []string{"1 Prepare X", "1 StmtExec X 1", "1 CloseStmt X"}, "X")
	}},
	{"statement/query of a driver that prepares all", func(e *env) {
		s := old()
		e.rows(2)(e.open(s).QueryContext(e.ctx, "ROWS 2", 1))
		e.calls(s, []string{"1 Prepare ROWS 2", "1 StmtQuery ROWS 2 1", "1 CloseStmt ROWS 2"}, "ROWS 2")
	}},
	{"statement/exec after ErrSkip", func(e *env) {
		s := modern()
		e.exec(e.open(s).ExecContext(e.ctx, "X SKIP", 1))
		e.calls(s, []string{"1 ExecContext X SKIP 1", "1 PrepareContext X SKIP", "1 StmtExecContext X SKIP 1", "1 CloseStmt X SKIP"}, "X")
	}},
	{"statement/query after ErrSkip", func(e *env) {
		s := modern()
		e.rows(2)(e.open(s).QueryContext(e.ctx, "ROWS 2 SKIP", 1))
		e.calls(s, []string{"1 QueryContext ROWS 2 SKIP 1", "1 PrepareContext ROWS 2 SKIP", "1 StmtQueryContext ROWS 2 SKIP 1", "1 CloseStmt ROWS 2 SKIP"}, "ROWS 2")
	}},
	{"statement/prepared", func(e *env) { e.prepared(modern(), "PrepareContext", "StmtQueryContext", "StmtExecContext") }},
	{"statement/prepared without contexts", func(e *env) { e.prepared(old(), "Prepare", "StmtQuery", "StmtExec") }},
	{"statement/prepared used by many", manyUsers},
	{"statement/errors are the driver's own", func(e *env) {
		db := e.open(modern())
		_, err := db.ExecContext(e.ctx, "FAIL")
		e.is("Exec", err, fakedb.ErrFail)
		_, err = db.QueryContext(e.ctx, "FAIL")
		e.is("Query", err, fakedb.ErrFail)
		_, err = db.ExecContext(e.ctx, "FAIL SKIP")
		e.is("Exec after ErrSkip", err, fakedb.ErrFail)
		_, err = db.QueryContext(e.ctx, "FAILPREPARE SKIP")
		e.is("Query after ErrSkip", err, fakedb.ErrFail)
		_, err = db.PrepareContext(e.ctx, "FAILPREPARE")
		e.is("Prepare", err, fakedb.ErrFail)
	}},
	{"statement/panics pass on", func(e *env) {
		db := e.single(modern())
		for _, text := range []string{"PANIC", "PANIC SKIP"} {
			func() {
				defer func() {
					if v := recover(); v != fakedb.PanicValue {
						e.errorf("%s: recovered %v, want %v", text, v, fakedb.PanicValue)
					}
				}()
				_, err := db.ExecContext(e.ctx, text)
				e.errorf("%s: no panic but error %v", text, err)
			}()
		}
		_, err := db.ExecContext(e.ctx, "X")
		e.must(err)
	}},
}

// exec checks a result.
func (e *env) exec(r sql.Result, err error) {
	e.must(err)
	if n, err := r.RowsAffected(); n != 7 || err != nil {
		e.errorf("RowsAffected %d, %v, want 7", n, err)
	}
	if n, err := r.LastInsertId(); n != 42 || err != nil {
		e.errorf("LastInsertId %d, %v, want 42", n, err)
	}
}

func (e *env) prepared(s *fakedb.Server, prepare, query, exec string) {
	db := e.open(s)
	stmt, err := db.PrepareContext(e.ctx, "ROWS 2")
	e.must(err)
	e.rows(2)(stmt.QueryContext(e.ctx, 1))
	e.exec(stmt.ExecContext(e.ctx, 2))
	e.rows(2)(stmt.QueryContext(e.ctx, 3))
	e.must(stmt.Close())
	e.calls(s, []string{
		"1 " + prepare + " ROWS 2", "1 " + query + " ROWS 2 1", "1 " + exec + " ROWS 2 2", "1 " + query + " ROWS 2 3", "1 CloseStmt ROWS 2",
	}, "ROWS 2")
}

// manyUsers runs one statement on many connections and in transactions.
func manyUsers(e *env) {
	s := modern()
	db := e.open(s)
	db.SetMaxOpenConns(4)
	stmt, err := db.PrepareContext(e.ctx, "ROWS 3")
	e.must(err)
	done := make(chan bool)
	for i := range 8 {
		go func() {
			defer func() { done <- true }()
			for range 20 {
				e.rows(3)(stmt.QueryContext(e.ctx))
				if i%2 == 0 {
					continue
				}
				tx, err := db.BeginTx(e.ctx, nil)
				if err != nil {
					e.errorf("begin: %w", err)
					return
				}
				e.rows(3)(tx.StmtContext(e.ctx, stmt).QueryContext(e.ctx))
				e.rows(1)(tx.QueryContext(e.ctx, "ROWS 1 SKIP"))
				if err := tx.Commit(); err != nil {
					e.errorf("commit: %w", err)
				}
			}
		}()
	}
	for range 8 {
		<-done
	}
	e.must(stmt.Close())
	if _, stmts, rows := s.Open(); stmts != 0 || rows != 0 {
		e.errorf("%d statements and %d rows were not closed", stmts, rows)
	}
}
