package sqlcheck

import (
	"context"
	"sync"
	"time"
)

type contextKey struct{}

var contextChecks = []Check{
	{"context/reaches the driver", reachesDriver},
	{"context/cancelled query", func(e *env) {
		for _, text := range []string{"WAIT", "WAITROW 3"} {
			db := e.single(modern())
			ctx, cancel := context.WithCancel(e.ctx)
			time.AfterFunc(5*time.Millisecond, cancel)
			rows, err := db.QueryContext(ctx, text)
			if err == nil {
				for rows.Next() {
				}
				err = rows.Err()
			}
			e.is(text, err, context.Canceled)
			_, err = db.ExecContext(e.ctx, "X")
			e.must(err)
		}
	}},
	{"context/query out of time", func(e *env) {
		ctx, cancel := context.WithTimeout(e.ctx, 5*time.Millisecond)
		defer cancel()
		_, err := e.open(modern()).ExecContext(ctx, "WAIT")
		e.is("Exec", err, context.DeadlineExceeded)
	}},
	{"context/rows not closed", func(e *env) {
		s := modern()
		db := e.open(s)
		ctx, cancel := context.WithCancel(e.ctx)
		rows, err := db.QueryContext(ctx, "ROWS 5")
		e.must(err)
		rows.Next()
		cancel()
		e.settles("the rows are still open, or their connection in use", func() bool {
			_, _, open := s.Open()
			return open == 0 && db.Stats().InUse == 0
		})
		e.is("Err", rows.Err(), context.Canceled)
	}},
	{"context/cancelled before a driver without contexts", func(e *env) {
		s := old()
		db := e.open(s)
		stmt, err := db.PrepareContext(e.ctx, "X")
		e.must(err)
		conn := e.conn(db)
		ctx, cancel := context.WithCancel(e.ctx)
		cancel()
		_, err = conn.ExecContext(ctx, "X")
		e.is("Exec", err, context.Canceled)
		_, err = conn.BeginTx(ctx, nil)
		e.is("Begin", err, context.Canceled)
		_, err = stmt.ExecContext(ctx)
		e.is("Stmt.Exec", err, context.Canceled)
		e.calls(s, nil, "Exec")
		e.must(conn.Close())
		e.must(stmt.Close())
		if _, stmts, _ := s.Open(); stmts != 0 {
			e.errorf("%d statements were not closed", stmts)
		}
	}},
}

// reachesDriver checks that the values of the user's context reach each call.
func reachesDriver(e *env) {
	s := modern()
	var mu sync.Mutex
	missing, seen := map[string]bool{}, map[string]bool{}
	s.OnContext = func(call string, ctx context.Context) {
		mu.Lock()
		defer mu.Unlock()
		seen[call] = true
		if ctx.Value(contextKey{}) != "here" {
			missing[call] = true
		}
	}
	ctx := context.WithValue(e.ctx, contextKey{}, "here")
	db := e.single(s)
	e.must(db.PingContext(ctx))
	_, err := db.ExecContext(ctx, "X SKIP")
	e.must(err)
	e.rows(1)(db.QueryContext(ctx, "ROWS 1 SKIP"))
	tx, err := db.BeginTx(ctx, nil)
	e.must(err)
	e.must(tx.Commit())
	for _, call := range []string{"Connect", "Ping", "ResetSession", "ExecContext", "QueryContext", "PrepareContext", "StmtExecContext", "StmtQueryContext", "BeginTx"} {
		if !seen[call] {
			e.errorf("%s was not called", call)
		} else if missing[call] {
			e.errorf("%s has another context", call)
		}
	}
}
