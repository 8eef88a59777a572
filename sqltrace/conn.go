package sqltrace

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
	"github.com/sonde-go/sonde/sqltrace/internal/wrapped"
)

// conn handles the calls of a connection that are made in a trace. What they share
// with sondeotelsql's, and where all other calls go, is in package wrapped, whose
// comment has a picture of it.
type conn struct {
	wrapped.Conn
	cfg   *sqlpoint.Config
	spare *reading // of rows that were closed; nil if others have it
}

func newConn(bare driver.Conn, cfg *sqlpoint.Config) driver.Conn {
	c := &conn{cfg: cfg}
	return c.Init(bare, c)
}

// fail ends the point of a call that failed with err.
func (c *conn) fail(ctx context.Context, p profiler.Point, g *sqlpoint.Given, err error) {
	if c.Next.RetriesAfter(err) {
		p.Discard()
		return
	}
	c.cfg.End(ctx, p, g, profiler.Encoded{}, err)
}
