package sqltrace

import (
	"database/sql"
	"database/sql/driver"
	"io"

	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

//go:generate go run ./internal/combos

// Open is [sql.Open] for a traced database. driverName is the name that the
// driver has registered, for instance "pgx". As with sql.Open no connection is
// made yet.
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
// if c is, and its Driver is the driver's own. A connector that is traced
// already is returned as it is, whatever opts say.
func Wrap(c driver.Connector, opts ...Option) driver.Connector {
	switch c.(type) {
	case *connector, closingConnector:
		return c
	}
	w := &connector{bare: c, cfg: newConfig(c, opts)}
	if closer, ok := c.(io.Closer); ok {
		return closingConnector{w, closer}
	}
	return w
}

// Unwrap returns the driver's own connection behind the one that
// [sql.Conn.Raw] gives, which is the wrapper: database/sql has no way to tell
// the two apart. Any other value is returned as it is.
//
//	conn.Raw(func(driverConn any) error {
//		pg := sqltrace.Unwrap(driverConn).(*stdlib.Conn).Conn()
//		…
//	})
//
// What is done with the driver's own connection is not traced.
func Unwrap(driverConn any) any {
	for {
		w, ok := driverConn.(interface{ Raw() driver.Conn })
		if !ok {
			return driverConn
		}
		driverConn = w.Raw()
	}
}
