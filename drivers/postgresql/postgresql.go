// Package postgresql is the driver for PostgreSQL. Import it for its schemes;
// the URLs are SQLAlchemy's, the options those of libpq:
//
//	postgresql://user:password@host:5432/database?sslmode=verify-full
//	postgresql+psycopg2://…     the same
//
// Traces are kept in OSProfiler's table "data", with OSProfiler's indexes. It is
// created if it is missing; an existing table is not changed. OSProfiler reads what
// Sonde writes, and vice versa. The driver works through a pooler such as
// PgBouncer.
package postgresql

import (
	"cmp"
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"maps"
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
	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
	"github.com/sonde-go/sonde/drivers/kit"
)

func init() {
	drivers.Register(drivers.Scheme{
		Name: "postgresql", Aliases: []string{"postgresql+psycopg2"}, Doc: "PostgreSQL, OSProfiler's table",
		Example: "postgresql://user:password@host:5432/database?sslmode=verify-full",
		Import:  "github.com/sonde-go/sonde/drivers/postgresql",
		Port:    "5432", TLS: drivers.TLSAgreed,
		Options: []drivers.Option{
			{Name: "host", Kind: drivers.Host, Doc: "a host in place of the URL's, or the folder of a socket"},
			{Name: "sslmode", Doc: "libpq's way to ask for TLS: disable, allow, prefer (the default), require, verify-ca or verify-full", TLS: []string{"require", "verify-ca", "verify-full"}},
		},
		Others: "those of libpq, such as application_name and sslrootcert",
		Open:   open,
	})
}

// A pool is one writer for each service of the process, and a few readers.
const (
	maxConns = 8
	idleTime = time.Minute
)

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	config, err := configOf(u, o)
	if err != nil {
		return nil, err
	}
	limit := kit.Limit{Store: "PostgreSQL at " + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), Time: o.SocketTimeout}
	db := sql.OpenDB(sqlstore.Bound(stdlib.GetConnector(*config), limit))
	db.SetMaxOpenConns(maxConns)
	db.SetConnMaxIdleTime(idleTime)
	return sqlstore.New(&dialect, db, db), nil
}

func configOf(u *drivers.URL, o drivers.Options) (*pgx.ConnConfig, error) {
	p, err := sqlstore.Parse(u.Place)
	if err != nil {
		return nil, err
	}
	for name, values := range u.Others {
		if len(values) > 1 {
			return nil, fmt.Errorf("option %s is given twice", name)
		}
	}
	options := maps.Clone(u.Others)
	for _, name := range []string{"host", "sslmode"} {
		if u.Given(name) {
			options.Set(name, u.Text(name))
		}
	}
	dsn := url.URL{Scheme: "postgres", Host: p.Host, Path: "/" + p.Database, RawQuery: options.Encode()}
	if p.Port != "" || strings.Contains(p.Host, ":") {
		dsn.Host = net.JoinHostPort(p.Host, p.Port)
	}
	if p.User != "" {
		dsn.User = url.User(p.User)
	}
	config, err := pgx.ParseConfig(dsn.String())
	if err != nil {
		return nil, err
	}
	if p.Password != "" {
		config.Password = p.Password
	}
	config.ConnectTimeout = o.ConnectTimeout
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "sonde"
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // leaves nothing behind on a pooler's connection
	if u.Given("sslmode") {
		return config, nil
	}
	c, err := u.TLS()
	if c != nil {
		c.ServerName = cmp.Or(c.ServerName, config.Host)
		config.TLSConfig, config.Fallbacks = c, nil
	}
	return config, err
}

var dialect = sqlstore.Dialect{
	Committed: "committed, as synchronous_commit says; by default on the disk",
	Begin:     "BEGIN",
	Schema:    makeSchema,
	Insert:    insert,
	Numbered:  true,
	Same:      func(a, b string) string { return a + " = " + b },
	ByBase:    "d.base_id",
	// A table whose statistics are not there yet would be read whole for a
	// list of ids. OFFSET 0 keeps the planner from taking it for a join. BETWEEN says
	// nothing new, but makes it expect few rows: of so many as it takes an id to have
	// without statistics it would compile the query first (jit), for 100 ms.
	OfTraces: func(marks string) string {
		return " FROM unnest(ARRAY[" + marks + "]::text[]) AS of (id) CROSS JOIN LATERAL (SELECT * FROM data WHERE base_id = of.id AND base_id BETWEEN of.id AND of.id OFFSET 0) d WHERE TRUE"
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

// insert copies rows, in the way that costs the server least.
func insert(ctx context.Context, conn *sql.Conn, rows []sqlstore.Row) error {
	return sqlstore.Raw(ctx, conn, func(ctx context.Context, client sqldriver.Conn) error {
		_, err := client.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"data"}, columns, &source{rows: rows})
		return err
	})
}

var columns = strings.Split(sqlstore.Columns, ", ")

// source hands rows to a copy.
type source struct {
	rows []sqlstore.Row // to come
	args []any          // of the current one
}

func (s *source) Next() bool {
	if len(s.rows) == 0 {
		return false
	}
	s.args, s.rows = s.rows[0].AppendArgs(s.args[:0]), s.rows[1:]
	return true
}

func (s *source) Values() ([]any, error) { return s.args, nil }
func (s *source) Err() error             { return nil }
