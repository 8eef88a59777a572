package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"

	"modernc.org/sqlite"
)

// tableSchema makes a table with a row for each number up to the last argument,
// seen through a view that takes its time for each row that is read, as a
// database on another machine does.
const tableSchema = `
CREATE TABLE stored_%[1]s (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO stored_%[1]s WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < %[3]d) SELECT id, '%[1]s ' || id FROM n;
CREATE VIEW %[1]s AS SELECT id, name FROM stored_%[1]s WHERE wait(%[2]d)`

func init() {
	sqlite.MustRegisterScalarFunction("wait", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		time.Sleep(time.Duration(args[0].(int64)) * time.Microsecond)
		return int64(1), nil
	})
}

// ids reads all ids of a query.
func ids(ctx context.Context, db *sql.DB, query string) (list []int, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, rows.Err()
}

// lookUp reads the one text that a query gives.
func lookUp(ctx context.Context, db *sql.DB, query string, args ...any) (s string, err error) {
	err = db.QueryRowContext(ctx, query, args...).Scan(&s)
	return s, err
}
