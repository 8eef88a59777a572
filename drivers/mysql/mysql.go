// Package mysql is the driver for MySQL (5.7.8 and later) and MariaDB (10.2
// and later). Import it for its schemes; the URLs are SQLAlchemy's:
//
//	mysql://user:password@host:3306/database
//	mysql+pymysql://…, mysql+mysqldb://…     the same
//
// The options are those of pymysql (unix_socket, connect_timeout, read_timeout and
// write_timeout in seconds, the files ssl_ca, ssl_cert and ssl_key, and
// ssl_check_hostname) and the common ones; see package drivers. The longer of
// read_timeout and write_timeout limits one exchange with the server, in place of
// socket_timeout. charset and use_unicode are accepted and ignored: the connection
// always uses utf8mb4.
//
// Traces are kept in OSProfiler's table "data", with OSProfiler's indexes. It is
// created if it is missing; an existing table is not changed. OSProfiler reads what
// Sonde writes, and vice versa.
package mysql

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
	"github.com/sonde-go/sonde/drivers/kit"
)

func init() {
	drivers.Register(drivers.Scheme{
		Name: "mysql", Aliases: []string{"mysql+pymysql", "mysql+mysqldb"}, Doc: "MySQL and MariaDB, OSProfiler's table",
		Example: "mysql://user:password@host:3306/database?tls_ca=/etc/ssl/db.pem",
		Import:  "github.com/sonde-go/sonde/drivers/mysql",
		Port:    "3306", TLS: drivers.TLSAgreed,
		Options: []drivers.Option{
			{Name: "unix_socket", Kind: drivers.Host, Doc: "the server's socket, in place of a host"},
			{Name: "ssl_check_hostname", Kind: drivers.Bool, Default: "true", Doc: "whether the server's certificate has to be for the host's name"},
			{Name: "read_timeout", Kind: drivers.Duration, Doc: "as socket_timeout; the longer of them counts"},
			{Name: "write_timeout", Kind: drivers.Duration, Doc: "as read_timeout"},
			{Name: "charset", Doc: "accepted and ignored: the connection always uses utf8mb4"},
			{Name: "use_unicode", Doc: "as charset"},
		},
		Open: open,
	})
}

// A pool is one writer for each service of the process, and a few readers.
const (
	maxConns = 8
	idleTime = time.Minute
)

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	config, limit, err := configOf(u, o)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(sqlstore.Bound(connector, kit.Limit{Store: "MySQL at " + config.Addr, Time: limit}))
	db.SetMaxOpenConns(maxConns)
	db.SetConnMaxIdleTime(idleTime)
	return sqlstore.New(&dialect, db, db), nil
}

var dialect = sqlstore.Dialect{
	Committed: "committed, as innodb_flush_log_at_trx_commit says; by default on the disk",
	Begin:     "BEGIN",
	Schema:    makeSchema,
	Insert:    insert,
	// The collations of most tables take upper and lower case for the same.
	Same: func(a, b string) string {
		return "(" + a + " = " + b + " AND CAST(" + a + " AS BINARY) = CAST(" + b + " AS BINARY))"
	},
	// A binary of the length that base_id has would take a table on disk.
	ByBase:   "d.base_id, SHA2(d.base_id, 256)",
	DataText: "d.data",
	Rejected: func(err error) bool {
		switch number(err) {
		case 1153, // packet too large
			1264, 1366, 1406, // out of range, incorrect string, too long
			1300,       // not in the character set
			3140, 3141, // not JSON
			3819, 4025: // check failed: MySQL's, MariaDB's
			return true
		}
		return false
	},
	NotFound: func(err error) bool {
		switch number(err) {
		case 1146, // no such table
			1267: // a text that the column's character set lacks
			return true
		}
		return false
	},
}

// number is the server's error number, 0 if err is not the server's.
func number(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// makeSchema is one statement, since MySQL commits after each.
func makeSchema(ctx context.Context, conn *sql.Conn) error {
	var b strings.Builder
	b.WriteString(`CREATE TABLE IF NOT EXISTS data (
	id INTEGER NOT NULL AUTO_INCREMENT,
	timestamp VARCHAR(26),
	base_id VARCHAR(255),
	parent_id VARCHAR(255),
	trace_id VARCHAR(255),
	project VARCHAR(255),
	host VARCHAR(255),
	service VARCHAR(255),
	name VARCHAR(255),
	data JSON,
	PRIMARY KEY (id)`)
	for _, column := range sqlstore.Indexed {
		b.WriteString(",\n\tKEY ix_data_" + column + " (" + column + ")")
	}
	// Names may be in any language, whatever the server's default.
	b.WriteString("\n) DEFAULT CHARSET=utf8mb4")
	_, err := conn.ExecContext(ctx, b.String())
	return err
}

// One statement adds at most so many rows and bytes; servers take 4 MiB and
// more in one.
const (
	insertRows  = 500
	insertBytes = 1 << 20
)

func insert(ctx context.Context, conn *sql.Conn, rows []sqlstore.Row) error {
	args := make([]any, 0, min(len(rows), insertRows)*sqlstore.NumColumns)
	for len(rows) > 0 {
		args = args[:0]
		n, size := 0, 0
		for n < len(rows) && n < insertRows && (n == 0 || size+len(rows[n].Data) <= insertBytes) {
			size += len(rows[n].Data) + 300
			args = rows[n].AppendArgs(args)
			n++
		}
		if _, err := conn.ExecContext(ctx, sqlstore.InsertQuery(n), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
