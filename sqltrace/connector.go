package sqltrace

import (
	"context"
	"database/sql/driver"
	"io"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

// connector wraps a driver's connector.
type connector struct {
	bare driver.Connector
	cfg  *sqlpoint.Config
}

// closingConnector is a connector that sql.DB.Close closes.
type closingConnector struct {
	*connector
	io.Closer
}

// tracedKey marks the context of Connect, so that a second wrapper further down
// does not wrap the connection again: each query is one point.
type tracedKey struct{}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if ctx.Value(tracedKey{}) != nil {
		return c.bare.Connect(ctx)
	}
	bare, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	return newConn(bare, c.cfg), nil
}

func (c *connector) connect(ctx context.Context) (driver.Conn, error) {
	inner, p := profiler.Open(ctx, profiler.Opening{Name: c.cfg.ConnectName, Layer: layer.SQL, Held: true})
	returned := false
	defer p.Guard(&returned)
	bare, err := c.bare.Connect(context.WithValue(inner, tracedKey{}, true))
	returned = true
	c.cfg.End(inner, p, &sqlpoint.Given{}, profiler.Encoded{}, err)
	return bare, err
}

func (c *connector) Driver() driver.Driver { return c.bare.Driver() }
