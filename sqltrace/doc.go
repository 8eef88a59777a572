// Package sqltrace traces the statements of database/sql.
//
//	db, err := sqltrace.Open("pgx", dsn)
//
// returns a [database/sql.DB] like any other; [OpenDB] and [Wrap] do the same for a
// connector, and [Register] for programs in which other code opens the database.
// sqlx works on top of it; give it the driver's own name, by which it knows the
// placeholders:
//
//	dbx := sqlx.NewDb(db, "pgx")
//
// Statements are traced if their context carries a trace, so call the methods that
// take a context. Every other call goes straight to the driver after one look at
// the context, without extra allocations.
//
// # Points
//
//	db           a statement, and BEGIN, COMMIT and ROLLBACK of a transaction
//	db_prepare   a statement that was prepared for later use
//	db_connect   a connection that was made because the pool had none to spare
//
// [WithName] replaces "db" in these names.
//
// A query is one point, however database/sql runs it: if the driver wants it
// prepared first, preparing is part of it, and an attempt on a connection that has
// gone bad is not recorded if database/sql tries again. The point ends when the
// rows are closed, which happens after the last one at the latest. For a driver
// that runs only prepared statements, preparing a statement for later use cannot be
// told apart from preparing a query; the first query says how long it took, as
// "prepare".
//
// The start holds {"db": {"statement", "params"}}, as OSProfiler has it; params
// only if [WithArgs] asks for them. The statement is the text as written, up to
// 16 KiB, but with a question mark for each literal and without comments, since
// both may hold secrets; [WithLiterals] stores the original text. If it differs,
// "fingerprint" is stored too, for grouping statements: it has single blanks, and a
// list counts as one value. "args_hash" is equal for two statements of a trace with
// the same text and arguments, and says nothing else about them. The stop holds
// {"db": {"rows"}}, the number of rows read, with "result_sets" if there were
// several, or {"db": {"rows_affected"}}. A query whose rows were never closed has
// the outcome "leaked" once the garbage collector has found them.
//
// An empty result is not a failure, and neither is a cancelled context: the outcome
// is then "cancelled". The stop of a failure has the database's error code as
// {"db": {"error_code"}}: the SQLSTATE, or the number of MySQL or SQLite. In the
// error's text the literals and arguments of the call are replaced with question
// marks as far as they can be recognised: those of four characters or more, and
// shorter ones where the database quotes values. PostgreSQL's Detail and Where are
// left out.
//
// Pings, resets and single rows are not points. Neither is waiting for a
// connection of an exhausted pool, of which database/sql informs nobody. It shows
// as time between the start of the caller's point and that of the statement; see
// [database/sql.DBStats].
//
// # The driver's interfaces
//
// The wrapped connections, statements and rows have the optional interfaces of
// the driver's own and no others, except that the forms with a context stand in
// for those without, as in database/sql itself. [database/sql.Conn.Raw] passes the
// wrapper to its function: see [Unwrap].
package sqltrace
