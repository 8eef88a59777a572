// Package sondeotelsql is for programs that use github.com/XSAM/otelsql
// already. In place of otelsql's own functions
//
//	db, err := sondeotelsql.Open("pgx", dsn, otelsql.WithAttributes(…))
//
// opens the same database with the same options, but otelsql sees only the
// calls whose context carries a profiler. All others go straight to the
// driver, as if neither package were there. Who does not use otelsql takes
// [github.com/sonde-go/sonde/sqltrace] instead.
//
// The spans that otelsql makes become trace points by way of
// [github.com/sonde-go/sonde/oteltrace], with all that otelsql's options add
// to them: db for a statement with its rows and for BEGIN, COMMIT and
// ROLLBACK, db_prepare for a statement prepared for later use, db_connect for
// a new connection. A query is one point, as in sqltrace: where the driver
// wants it prepared first, or database/sql tries again on another connection,
// that leaves no point of its own. Pings and resets are not traced.
//
// Spans go to the trace points only, and otelsql's metrics count the traced
// calls only: a tracer provider among the options is replaced. What otelsql
// hides of the driver (the scan types of columns, converters of arguments)
// stays visible, so that a traced request gets the same values as any other.
// Raw of a connection gives a wrapper with a method Raw, as otelsql's, which
// [github.com/sonde-go/sonde/sqltrace.Unwrap] knows.
package sondeotelsql
