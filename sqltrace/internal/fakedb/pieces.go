package fakedb

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// The optional interfaces of a connection, to be embedded beside a *Conn.
type (
	Pinger         struct{ C *Conn } // [driver.Pinger]
	ExecerContext  struct{ C *Conn } // [driver.ExecerContext]
	Execer         struct{ C *Conn } // [driver.Execer]
	QueryerContext struct{ C *Conn } // [driver.QueryerContext]
	Queryer        struct{ C *Conn } // [driver.Queryer]
	Preparer       struct{ C *Conn } // [driver.ConnPrepareContext]
	Beginner       struct{ C *Conn } // [driver.ConnBeginTx]
	Resetter       struct{ C *Conn } // [driver.SessionResetter]
	Validator      struct{ C *Conn } // [driver.Validator]
	Checker        struct{ C *Conn } // [driver.NamedValueChecker]
)

// Ping implements [driver.Pinger].
func (p Pinger) Ping(ctx context.Context) error {
	p.C.context("Ping", ctx)
	p.C.note("Ping", "")
	return p.C.bad()
}

// ExecContext implements [driver.ExecerContext].
func (p ExecerContext) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	p.C.context("ExecContext", ctx)
	p.C.note("ExecContext", query, args...)
	return p.C.exec(ctx, query, true)
}

// Exec implements [driver.Execer].
func (p Execer) Exec(query string, args []driver.Value) (driver.Result, error) {
	p.C.note("Exec", query, named(args)...)
	return p.C.exec(context.Background(), query, true)
}

// QueryContext implements [driver.QueryerContext].
func (p QueryerContext) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	p.C.context("QueryContext", ctx)
	p.C.note("QueryContext", query, args...)
	return p.C.query(ctx, query, true)
}

// Query implements [driver.Queryer].
func (p Queryer) Query(query string, args []driver.Value) (driver.Rows, error) {
	p.C.note("Query", query, named(args)...)
	return p.C.query(context.Background(), query, true)
}

// PrepareContext implements [driver.ConnPrepareContext].
func (p Preparer) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	p.C.context("PrepareContext", ctx)
	p.C.note("PrepareContext", query)
	return p.C.prepare(query)
}

// BeginTx implements [driver.ConnBeginTx].
func (p Beginner) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	p.C.context("BeginTx", ctx)
	p.C.note("BeginTx", fmt.Sprintf("%d %v", o.Isolation, o.ReadOnly))
	return Tx{p.C}, p.C.bad()
}

// ResetSession implements [driver.SessionResetter].
func (p Resetter) ResetSession(ctx context.Context) error {
	p.C.context("ResetSession", ctx)
	p.C.note("ResetSession", "")
	return p.C.bad()
}

// IsValid implements [driver.Validator].
func (p Validator) IsValid() bool {
	p.C.note("IsValid", "")
	return p.C.Valid == nil || p.C.Valid(p.C)
}

// Custom is a type of argument that only a [Checker] takes.
type Custom struct{ V int64 }

// CheckNamedValue implements [driver.NamedValueChecker]: it takes a Custom,
// removes the string "remove", refuses "refuse" with ErrFail, and leaves all
// else to the default.
func (p Checker) CheckNamedValue(v *driver.NamedValue) error { return check("conn", v) }

func check(who string, v *driver.NamedValue) error {
	switch x := v.Value.(type) {
	case Custom:
		v.Value = fmt.Sprintf("%s(%d)", who, x.V)
		return nil
	case string:
		switch x {
		case "remove":
			return driver.ErrRemoveArgument
		case "refuse":
			return ErrFail
		}
	}
	return driver.ErrSkip
}

// FullConn is a connection with all that a modern driver has.
func FullConn(c *Conn) driver.Conn {
	return struct {
		*Conn
		Pinger
		ExecerContext
		QueryerContext
		Preparer
		Beginner
		Resetter
		Validator
		Checker
	}{c, Pinger{c}, ExecerContext{c}, QueryerContext{c}, Preparer{c}, Beginner{c}, Resetter{c}, Validator{c}, Checker{c}}
}
