// Package postgresql is the driver for PostgreSQL. Import it for its schemes;
// the URLs are SQLAlchemy's, the options those of libpq:
//
//	postgresql://user:password@host:5432/database?sslmode=verify-full
//	postgresql+psycopg2://…     the same
//
// Traces are kept in OSProfiler's table "data", which is made when it is
// missing, with OSProfiler's indexes; a table that is there is left as it is.
// OSProfiler reads what Sonde writes and the other way round. The driver works
// through a pooler such as PgBouncer.
package postgresql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/internal/answer"
	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
)

func init() {
	drivers.Register("postgresql", open)
	drivers.Register("postgresql+psycopg2", open)
}

// A pool is one writer for each service of the process, and a few readers.
const (
	maxConns = 8
	idleTime = time.Minute
)

func open(_ context.Context, rawURL string, o drivers.Options) (driver.Driver, error) {
	config, err := configOf(rawURL, o)
	if err != nil {
		return nil, err
	}
	limit := answer.Limit{Store: "PostgreSQL at " + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), Time: o.SocketTimeout}
	db := sql.OpenDB(sqlstore.Bound(stdlib.GetConnector(*config), limit))
	db.SetMaxOpenConns(maxConns)
	db.SetConnMaxIdleTime(idleTime)
	return sqlstore.New(&dialect, db, db), nil
}

func configOf(rawURL string, o drivers.Options) (*pgx.ConnConfig, error) {
	u, err := sqlstore.ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	for name, values := range u.Query {
		if len(values) > 1 {
			return nil, fmt.Errorf("option %s is given twice", name)
		}
	}
	dsn := url.URL{Scheme: "postgres", Host: u.Host, Path: "/" + u.Database, RawQuery: u.Query.Encode()}
	if u.Port != "" || strings.Contains(u.Host, ":") {
		dsn.Host = net.JoinHostPort(u.Host, u.Port)
	}
	if u.User != "" {
		dsn.User = url.User(u.User)
	}
	config, err := pgx.ParseConfig(dsn.String())
	if err != nil {
		return nil, err
	}
	if u.Password != "" {
		config.Password = u.Password
	}
	if !u.Query.Has("connect_timeout") {
		config.ConnectTimeout = o.ConnectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "sonde"
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // leaves nothing behind on a pooler's connection
	return config, nil
}

var dialect = sqlstore.Dialect{
	Begin:    "BEGIN",
	Schema:   makeSchema,
	Insert:   insert,
	Numbered: true,
	Same:     func(a, b string) string { return a + " = " + b },
	ByBase:   "d.base_id",
	// A table whose statistics are not there yet would be read whole for a
	// list of ids. OFFSET 0 keeps the planner from taking it for a join.
	OfTraces: func(marks string) string {
		return " FROM unnest(ARRAY[" + marks + "]::text[]) AS of (id) CROSS JOIN LATERAL (SELECT * FROM data WHERE base_id = of.id OFFSET 0) d WHERE TRUE"
	},
	DataText: "d.data::text",
	Rejected: func(err error) bool {
		// Class 22 is data exceptions, but 2200H is that ids have run out;
		// class 54 is program limits, as for the size of an index row.
		c := code(err)
		return strings.HasPrefix(c, "22") && c != "2200H" || strings.HasPrefix(c, "54")
	},
	NotFound: func(err error) bool { return code(err) == "42P01" },
}

// code is PostgreSQL's SQLSTATE, "" if err is not the server's.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// schemaLock is the advisory lock under which the table is made, since CREATE
// TABLE IF NOT EXISTS fails when two sessions do it at once.
const schemaLock = 0x736f6e6465

func makeSchema(ctx context.Context, conn *sql.Conn) (err error) {
	statements := []string{
		"BEGIN",
		fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", schemaLock),
		`CREATE TABLE IF NOT EXISTS data (
	id SERIAL NOT NULL,
	timestamp VARCHAR(26),
	base_id VARCHAR(255),
	parent_id VARCHAR(255),
	trace_id VARCHAR(255),
	project VARCHAR(255),
	host VARCHAR(255),
	service VARCHAR(255),
	name VARCHAR(255),
	data JSON,
	PRIMARY KEY (id)
)`,
	}
	for _, column := range sqlstore.Indexed {
		statements = append(statements, fmt.Sprintf("CREATE INDEX IF NOT EXISTS ix_data_%s ON data (%s)", column, column))
	}
	defer func() {
		if err != nil {
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
		}
	}()
	for _, s := range append(statements, "COMMIT") {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

const insertQuery = "INSERT INTO data (" + sqlstore.Columns + ") SELECT t, b, p, i, j, h, s, n, d::json FROM unnest(" +
	"$1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS r (t, b, p, i, j, h, s, n, d)"

// insert sends a column at a time: one statement for a batch of any size.
func insert(ctx context.Context, conn *sql.Conn, rows []sqlstore.Row) error {
	var columns [sqlstore.NumColumns][]string
	for i := range columns {
		columns[i] = make([]string, len(rows))
	}
	for i := range rows {
		r := &rows[i]
		for j, v := range [...]string{r.Timestamp, r.BaseID, r.ParentID, r.TraceID, r.Project, r.Host, r.Service, r.Name, r.Data} {
			columns[j][i] = v
		}
	}
	args := make([]any, len(columns))
	for i := range columns {
		args[i] = columns[i]
	}
	_, err := conn.ExecContext(ctx, insertQuery, args...)
	return err
}
