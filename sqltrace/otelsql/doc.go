// Package sondeotelsql is for programs that already use github.com/XSAM/otelsql.
// In place of otelsql's own functions,
//
//	db, err := sondeotelsql.Open("pgx", dsn, otelsql.WithAttributes(…))
//
// opens the same database with the same options, but otelsql sees only the calls
// whose context carries a trace. All others go straight to the driver, as if
// neither package were there. Programs that do not use otelsql should use
// [github.com/sonde-go/sonde/sqltrace] instead.
//
// Package [github.com/sonde-go/sonde/oteltrace] turns the spans of otelsql into
// trace points, with everything that otelsql's options add to them: db for a
// statement with its rows and for BEGIN, COMMIT and ROLLBACK, db_prepare for a
// statement prepared for later use, db_connect for a new connection. A query is one
// point, as in sqltrace: preparing it because the driver wants that, or trying it
// again on another connection, is not a separate point. Pings and resets are not
// traced.
//
// The spans become trace points only: a tracer provider among the options is
// replaced. otelsql's metrics count only the traced calls. What otelsql hides of
// the driver (the scan types of columns, converters of arguments) stays visible, so
// that a traced request gets the same values as any other. A connection's Raw
// passes a wrapper with a method Raw, as otelsql's does, which
// [github.com/sonde-go/sonde/sqltrace.Unwrap] understands.
package sondeotelsql
