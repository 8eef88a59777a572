package sqltrace

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/wrapped"
)

// conn is the way of a connection's calls that are made in a trace. What they
// have in common with sondeotelsql's, and where all others go, is in package
// wrapped, which has a picture of it.
type conn struct {
	wrapped.Conn
	cfg   *config
	spare *lookout
}

func newConn(bare driver.Conn, cfg *config) driver.Conn {
	c := &conn{cfg: cfg}
	return c.Init(bare, c)
}

// fail ends the point of a call that failed with err.
func (c *conn) fail(ctx context.Context, p profiler.Point, err error) {
	if c.Next.RetriesAfter(err) {
		p.Discard()
		return
	}
	p.End(ending(ctx, err))
}
