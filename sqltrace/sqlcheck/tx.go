package sqlcheck

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

var txChecks = []Check{
	{"tx/commit", func(e *env) {
		s := modern()
		tx, err := e.open(s).BeginTx(e.ctx, nil)
		e.must(err)
		e.exec(tx.ExecContext(e.ctx, "X"))
		e.rows(1)(tx.QueryContext(e.ctx, "ROWS 1"))
		e.must(tx.Commit())
		e.is("Rollback after Commit", tx.Rollback(), sql.ErrTxDone)
		e.calls(s, []string{"1 BeginTx 0 false", "1 ExecContext X", "1 QueryContext ROWS 1", "1 Commit"}, "Begin", "Exec", "Query", "Commit", "Rollback")
	}},
	{"tx/rollback", func(e *env) {
		s := modern()
		tx, err := e.open(s).BeginTx(e.ctx, nil)
		e.must(err)
		e.must(tx.Rollback())
		e.calls(s, []string{"1 BeginTx 0 false", "1 Rollback"}, "Begin", "Commit", "Rollback")
	}},
	{"tx/options", func(e *env) {
		s := modern()
		tx, err := e.open(s).BeginTx(e.ctx, &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
		e.must(err)
		e.must(tx.Rollback())
		e.calls(s, []string{"1 BeginTx 6 true"}, "Begin")
	}},
	{"tx/driver without options", func(e *env) {
		s := old()
		db := e.open(s)
		for _, o := range []sql.TxOptions{{Isolation: sql.LevelSerializable}, {ReadOnly: true}} {
			if tx, err := db.BeginTx(e.ctx, &o); err == nil {
				e.errorf("%+v is taken, which the driver knows nothing of", o)
				e.must(tx.Rollback())
			}
		}
		e.calls(s, nil, "Begin")
		tx, err := db.BeginTx(e.ctx, nil)
		e.must(err)
		e.must(tx.Commit())
		e.calls(s, []string{"1 Begin", "1 Commit"}, "Begin", "Commit", "Rollback")
	}},
	{"tx/cancelled context rolls back", func(e *env) {
		s := modern()
		db := e.open(s)
		ctx, cancel := context.WithCancel(e.ctx)
		tx, err := db.BeginTx(ctx, nil)
		e.must(err)
		cancel()
		e.settles("the transaction was not rolled back", func() bool { return len(s.Calls("Rollback")) == 1 && db.Stats().InUse == 0 })
		if err := tx.Commit(); err == nil {
			e.errorf("Commit succeeds after the context was cancelled")
		}
	}},
	{"tx/bad connection", func(e *env) {
		s := modern()
		tx, err := e.open(s).BeginTx(e.ctx, nil)
		e.must(err)
		s.Break(0)
		_, err = tx.ExecContext(e.ctx, "X")
		e.is("Exec", err, driver.ErrBadConn)
		e.is("Commit", tx.Commit(), driver.ErrBadConn)
		e.calls(s, []string{"1 ExecContext X"}, "Exec")
	}},
}
