// Package sqltrace makes the statements of database/sql trace points.
//
//	db, err := sqltrace.Open("pgx", dsn)
//
// is a [database/sql.DB] like any other; [OpenDB] and [Wrap] do the same for a
// connector, [Register] for programs in which other code opens the database.
// sqlx works on top, with the driver's own name so that it knows the
// placeholders:
//
//	dbx := sqlx.NewDb(db, "pgx")
//
// Statements are traced where their context carries a profiler, so call the
// methods that take one. Every other call goes straight to the driver after
// one look at the context and allocates nothing more than it would anyway.
//
// # Points
//
//	db           a statement, and BEGIN, COMMIT and ROLLBACK of a transaction
//	db_prepare   a statement that was prepared for later use
//	db_connect   a connection that was made because the pool had none to spare
//
// A query is one point, however database/sql gets it done: where the driver
// wants it prepared first, preparing is a part of it, and a try on a connection
// that has gone bad is not recorded if database/sql tries again. The point ends
// when the rows are closed, as they are after the last one. Preparing for a
// driver that runs only prepared statements cannot be told from a part of the
// query; the first query says how long it took, as "prepare".
//
// The start holds {"db": {"statement", "params"}}, as OSProfiler has it; params
// only if [WithArgs] asks for them. Beside them stands "fingerprint", the
// statement without its literals, by which statements can be grouped; with
// [WithoutLiterals] it is the statement too. The stop holds {"db": {"rows"}}, the number
// of rows that were read, with "result_sets" if there were several, or {"db":
// {"rows_affected"}}. No rows is no failure, and neither is a cancelled
// context: the point's outcome is "cancelled". Rows that were never closed give
// the outcome "leaked" when the garbage collector finds them.
//
// Pings, resets and single rows are no points. Neither is waiting for a
// connection of a pool that is exhausted: database/sql tells nobody. It shows
// as time between the caller's point and the statement's; see
// [database/sql.DBStats].
//
// # The driver's interfaces
//
// The wrapped connections, statements and rows have the optional interfaces of
// the driver's own and no others, except that the forms with a context stand in
// for those without, as in database/sql itself. [database/sql.Conn.Raw] gives
// the wrapper: see [Unwrap].
package sqltrace
