package sondeotelsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"slices"

	"github.com/XSAM/otelsql"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// Open replaces [otelsql.Open]. As with [sql.Open], no connection is made yet.
func Open(driverName, dsn string, opts ...otelsql.Option) (*sql.DB, error) {
	c, err := olddriver.Connector(driverName, dsn)
	if err != nil {
		return nil, err
	}
	return OpenDB(c, opts...), nil
}

// OpenDB replaces [otelsql.OpenDB].
func OpenDB(c driver.Connector, opts ...otelsql.Option) *sql.DB { return sql.OpenDB(Wrap(c, opts...)) }

// Wrap returns a connector for [sql.OpenDB]. It is an [io.Closer] if c is, and
// its Driver is the driver's own. A connector made by Wrap is returned unchanged,
// and opts are ignored.
func Wrap(c driver.Connector, opts ...otelsql.Option) driver.Connector {
	switch c.(type) {
	case *connector, closingConnector:
		return c
	}
	opts = append(slices.Clip(opts), otelsql.WithTracerProvider(oteltrace.NewTracerProvider()))
	// The only way to otelsql's connector leads through a driver.
	d := otelsql.WrapDriver(tapDriver{c}, opts...).(driver.DriverContext)
	otel, err := d.OpenConnector("")
	if err != nil {
		panic(err) // a tapDriver has no error to return
	}
	w := &connector{bare: c, otel: otel}
	if closer, ok := c.(io.Closer); ok {
		return closingConnector{w, closer}
	}
	return w
}

// connector makes connections that can call the driver directly or through otelsql.
type connector struct {
	bare driver.Connector
	otel driver.Connector // around taps
}

// closingConnector is a connector that sql.DB.Close closes.
type closingConnector struct {
	*connector
	io.Closer
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if !profiler.Active(ctx) {
		bare, err := c.bare.Connect(ctx)
		if err != nil {
			return nil, err
		}
		return newConn(c, bare, nil), nil
	}
	otel, err := c.otel.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return newConn(c, tapOf(otel).bare, otel), nil
}

func (c *connector) Driver() driver.Driver { return c.bare.Driver() }
