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

// Open takes the place of [otelsql.Open]. As with [sql.Open] no connection is
// made yet.
func Open(driverName, dsn string, opts ...otelsql.Option) (*sql.DB, error) {
	c, err := olddriver.Connector(driverName, dsn)
	if err != nil {
		return nil, err
	}
	return OpenDB(c, opts...), nil
}

// OpenDB takes the place of [otelsql.OpenDB].
func OpenDB(c driver.Connector, opts ...otelsql.Option) *sql.DB { return sql.OpenDB(Wrap(c, opts...)) }

// Wrap returns a connector for [sql.OpenDB]. One that comes from here already
// is returned as it is.
func Wrap(c driver.Connector, opts ...otelsql.Option) driver.Connector {
	if w, ok := c.(*connector); ok {
		return w
	}
	opts = append(slices.Clip(opts), otelsql.WithTracerProvider(oteltrace.NewTracerProvider()))
	// The only way to otelsql's connector leads through a driver.
	d := otelsql.WrapDriver(tapDriver{c}, opts...).(driver.DriverContext)
	otel, err := d.OpenConnector("")
	if err != nil {
		panic(err) // a tapDriver has no error to return
	}
	return &connector{bare: c, otel: otel}
}

// connector makes connections that know the driver's way and otelsql's.
type connector struct {
	bare driver.Connector
	otel driver.Connector // around taps
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if !profiler.Active(ctx) {
		bare, err := c.bare.Connect(ctx)
		if err != nil {
			return nil, err
		}
		return newConn(c, bare), nil
	}
	otel, err := c.otel.Connect(ctx)
	if err != nil {
		return nil, err
	}
	w := newConn(c, tapOf(otel).bare)
	w.base().use(otel)
	return w, nil
}

func (c *connector) Driver() driver.Driver { return c.bare.Driver() }

// Close implements [io.Closer] for [sql.DB.Close].
func (c *connector) Close() error {
	if closer, ok := c.bare.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}
