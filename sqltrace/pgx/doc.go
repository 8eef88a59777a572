// Package sondepgx traces the statements of github.com/jackc/pgx/v5 where it is used
// by itself, with or without its pool:
//
//	config, err := pgxpool.ParseConfig(dsn)
//	…
//	sondepgx.Trace(config.ConnConfig)
//	pool, err := pgxpool.NewWithConfig(ctx, config)
//
// Programs that use pgx by way of database/sql need package
// [github.com/sonde-go/sonde/sqltrace] instead; with both, each statement is two
// points. The options are those of that package.
//
// Statements are traced if their context carries a trace. Others cost a look at the
// context and no allocation.
//
// # Points
//
//	db           a statement, BEGIN, COMMIT, ROLLBACK and COPY among them
//	db_batch     a batch
//	db_prepare   a statement that the program has prepared
//	db_acquire   a connection of the pool that had to be waited for
//	db_connect   a connection that was made
//
// [sqltrace.WithName] replaces "db" in these names. What a point of a statement says
// is what it says in sqltrace: "statement" without literals and "fingerprint",
// "args_hash", and "params" if [sqltrace.WithArgs] asks for them. The stop holds
// "rows", how many rows the server has sent, or "rows_affected", and "error_code",
// the SQLSTATE of a failure. "prepare" is how long pgx took to prepare the statement
// before it ran, which it does for each new one on each connection. The point ends
// when the rows are closed; if they never are, it has no end, and the pool no
// connection. A statement that is run by the name that it was prepared with is
// recorded with that name.
//
// A batch is one point, since it is one way to the server and back. Its statement is
// those of the batch, each text once; the stop has their number as "statements", and
// the sums of the rows. Its "args_hash" covers all arguments, which are not recorded
// themselves.
//
// Waiting for the pool is a point if it took a millisecond or more, failed, or needed
// a new connection, which is then below it. It has the size of the pool as
// "pool_size" and how many connections were in use at its end, its own included, as
// "pool_in_use".
//
// # Secrets
//
// Neither literals nor arguments are recorded unless an option asks for them, and
// they are replaced in the texts of errors as in sqltrace. Errors of COPY, of reading
// rows, and of calls with arguments that are not simple values may quote values that
// cannot be recognised: there, all that is quoted is replaced but the names of the
// table, the column and the constraint.
package sondepgx
