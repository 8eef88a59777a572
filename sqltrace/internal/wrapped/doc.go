// Package wrapped is what sqltrace and sqltrace/otelsql have in common: types
// that stand between database/sql and a driver, have exactly the driver's
// optional interfaces, and hand calls that are made in a trace to the wrapper.
//
// # The call path
//
// A call whose context carries no profiler is the driver's after one look at
// the context, in both wrappers:
//
//	sql.DB → Conn, Stmt → driver
//
// In a trace it takes the wrapper's way ([TracedConn], [TracedStmt]), which is
// a point of its own in sqltrace and a span of otelsql's in sqltrace/otelsql:
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
// The answer goes back the same way. Rows are [Rows], whose reading the wrapper
// sees and whose columns the driver describes. What database/sql does after an
// answer, and so whether the point is over, is known to [Next]: one query may
// be two or three calls.
//
//	QueryContext    ErrSkip      the driver wants it prepared; the point stays open
//	PrepareContext  a statement  prepared for that query; nothing of its own is recorded
//	QueryContext    rows         of the statement; the point ends when they are closed
package wrapped
