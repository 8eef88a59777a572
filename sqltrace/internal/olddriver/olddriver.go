// Package olddriver does what database/sql does for drivers that have only the
// plain interfaces, without contexts and without connectors.
package olddriver

//lint:file-ignore SA1019 Drivers have the deprecated interfaces, so the wrapper has them.

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// Connector returns the connector of a registered driver. database/sql has no
// function to find a driver, so Connector opens a database, which makes no
// connection.
func Connector(driverName, dsn string) (driver.Connector, error) {
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, err
	}
	d := db.Driver()
	db.Close()
	if dc, ok := d.(driver.DriverContext); ok {
		return dc.OpenConnector(dsn)
	}
	return dsnConnector{dsn, d}, nil
}

// dsnConnector is what sql.Open makes for a driver without connectors.
type dsnConnector struct {
	dsn    string
	driver driver.Driver
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

func (c dsnConnector) Driver() driver.Driver { return c.driver }

// Prepare prepares a statement.
func Prepare(ctx context.Context, c driver.Conn, query string) (driver.Stmt, error) {
	if p, ok := c.(driver.ConnPrepareContext); ok {
		return p.PrepareContext(ctx, query)
	}
	s, err := c.Prepare(query)
	if err != nil {
		return s, err
	}
	if err := ctx.Err(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Begin begins a transaction.
func Begin(ctx context.Context, c driver.Conn, opts driver.TxOptions) (driver.Tx, error) {
	if b, ok := c.(driver.ConnBeginTx); ok {
		return b.BeginTx(ctx, opts)
	}
	if opts.Isolation != 0 {
		return nil, errors.New("sql: driver does not support non-default isolation level")
	}
	if opts.ReadOnly {
		return nil, errors.New("sql: driver does not support read-only transactions")
	}
	t, err := c.Begin()
	if err != nil {
		return t, err
	}
	if err := ctx.Err(); err != nil {
		t.Rollback()
		return nil, err
	}
	return t, nil
}

// StmtExec executes a prepared statement.
func StmtExec(ctx context.Context, s driver.Stmt, args []driver.NamedValue) (driver.Result, error) {
	if e, ok := s.(driver.StmtExecContext); ok {
		return e.ExecContext(ctx, args)
	}
	values, err := Args(ctx, args)
	if err != nil {
		return nil, err
	}
	return s.Exec(values)
}

// StmtQuery queries a prepared statement.
func StmtQuery(ctx context.Context, s driver.Stmt, args []driver.NamedValue) (driver.Rows, error) {
	if q, ok := s.(driver.StmtQueryContext); ok {
		return q.QueryContext(ctx, args)
	}
	values, err := Args(ctx, args)
	if err != nil {
		return nil, err
	}
	return s.Query(values)
}

// Args returns args for a driver that knows neither names nor contexts.
func Args(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	values := make([]driver.Value, len(args))
	for i, a := range args {
		if a.Name != "" {
			return nil, errors.New("sql: driver does not support the use of Named Parameters")
		}
		values[i] = a.Value
	}
	return values, ctx.Err()
}
