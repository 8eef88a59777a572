// Package wrapped has what sqltrace and sqltrace/otelsql share: types that stand
// between database/sql and a driver, have exactly the driver's optional interfaces,
// and hand calls that are made in a trace to the wrapper.
//
// # The call path
//
// In both wrappers, a call whose context carries no trace goes straight to the
// driver after one look at the context:
//
//	sql.DB → Conn, Stmt → driver
//
// In a trace it goes to the wrapper ([TracedConn], [TracedStmt]), which opens a
// point in sqltrace and calls otelsql, which begins a span, in sqltrace/otelsql:
//
//	sql.DB
//	  │ QueryContext(ctx, "SELECT …")
//	  ▼
//	Conn                     one of the types in combos_gen.go: the driver's
//	  │ QueryTraced          optional interfaces, no more and no less
//	  ├──────────────────────────────┐
//	  ▼                              ▼
//	sqltrace.conn                  sondeotelsql.conn
//	  │ opens the point "db"         │ notes in a dbcall.Call whether
//	  │                              │ database/sql would try again
//	  │                              ▼
//	  │                            otelsql's connection
//	  │                              │ begins a span, which oteltrace
//	  │                              │ makes the point "db"
//	  │                              ▼
//	  │                            sondeotelsql.tap
//	  │                              │ keeps the answer, which otelsql
//	  │                              │ would hide: error, rows, statement
//	  ▼                              ▼
//	driver                         driver
//
// The answer goes back the same way. Rows are [Rows], which the wrapper reads and
// whose columns the driver describes. [Next] knows what database/sql does after an
// answer, and so whether the point is over: one query may be two or three calls.
//
//	QueryContext    ErrSkip      the driver wants it prepared; the point stays open
//	PrepareContext  a statement  prepared for that query; nothing of its own is recorded
//	QueryContext    rows         of the statement; the point ends when they are closed
package wrapped
