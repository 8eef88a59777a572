package sqltrace

import (
	"context"
	"database/sql/driver"
	"io"
)

// connector wraps a driver's connector.
type connector struct {
	bare driver.Connector
	cfg  *config
}

// closingConnector is a connector that sql.DB.Close closes.
type closingConnector struct {
	*connector
	io.Closer
}

// tracedKey marks the context of Connect, so that a second wrapper further
// down leaves the connection as it is: each query is one point.
type tracedKey struct{}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if ctx.Value(tracedKey{}) != nil {
		return c.bare.Connect(ctx)
	}
	bare, err := c.bare.Connect(context.WithValue(ctx, tracedKey{}, true))
	if err != nil {
		return nil, err
	}
	return newConn(bare, c.cfg), nil
}

func (c *connector) Driver() driver.Driver { return c.bare.Driver() }
