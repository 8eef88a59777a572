package sqltrace

import (
	"database/sql"
	"database/sql/driver"
	"io"

	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

//go:generate go run ./internal/combos

// Open is [sql.Open] for a traced database. driverName is the name under which the
// driver is registered, for instance "pgx". As with sql.Open, no connection is made
// yet.
func Open(driverName, dsn string, opts ...Option) (*sql.DB, error) {
	c, err := olddriver.Connector(driverName, dsn)
	if err != nil {
		return nil, err
	}
	return OpenDB(c, opts...), nil
}

// OpenDB is [sql.OpenDB] for a traced database.
func OpenDB(c driver.Connector, opts ...Option) *sql.DB { return sql.OpenDB(Wrap(c, opts...)) }

// Wrap returns a connector whose connections are traced. It is an [io.Closer]
// if c is, and its Driver is the driver's own. A connector that is already traced
// is returned unchanged, and opts are ignored.
func Wrap(c driver.Connector, opts ...Option) driver.Connector {
	switch c.(type) {
	case *connector, closingConnector:
		return c
	}
	w := &connector{bare: c, cfg: sqlpoint.New(dialect(c), opts)}
	if closer, ok := c.(io.Closer); ok {
		return closingConnector{w, closer}
	}
	return w
}

// Unwrap returns the driver's own connection. driverConn is what [sql.Conn.Raw]
// passes to its function, which is the wrapper: database/sql has no way to tell the
// two apart. Any other value is returned unchanged.
//
//	conn.Raw(func(driverConn any) error {
//		pg := sqltrace.Unwrap(driverConn).(*stdlib.Conn).Conn()
//		…
//	})
//
// Calls made directly on the driver's own connection are not traced.
func Unwrap(driverConn any) any {
	for {
		w, ok := driverConn.(interface{ Raw() driver.Conn })
		if !ok {
			return driverConn
		}
		driverConn = w.Raw()
	}
}
