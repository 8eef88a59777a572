package sqltrace

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// Prepare is for those who use the connection without database/sql.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	c.forgetSkipped()
	bare, err := c.bare.Prepare(query)
	if err != nil {
		return nil, err
	}
	return (&stmt{bare: bare, conn: c, query: query}).withInterfaces(), nil
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	p, again := c.takeSkipped(ctx, query)
	if profiler.Active(ctx) {
		return c.prepareTraced(ctx, query, p, again)
	}
	bare, err := olddriver.Prepare(ctx, c.bare, query)
	if err != nil || again {
		// A statement that is prepared for one untraced query needs no wrapper.
		return bare, err
	}
	return (&stmt{bare: bare, conn: c, query: query}).withInterfaces(), nil
}

// prepareTraced prepares a statement in a trace. Where the driver has sent
// database/sql here (again) it is a part of the query p. Where the driver runs
// statements directly too the user has asked for it, and it is a point of its
// own. Otherwise nobody can tell: the query that comes first says how long it
// took.
func (c *conn) prepareTraced(ctx context.Context, query string, p profiler.Point, again bool) (driver.Stmt, error) {
	inner := ctx
	if !again {
		inner, p = c.cfg.open(ctx, pointPrepare, query, nil)
	}
	returned := false
	defer p.Guard(&returned)
	start := time.Now()
	bare, err := olddriver.Prepare(inner, c.bare, query)
	returned = true
	if err != nil {
		c.fail(ctx, p, err)
		return nil, err
	}
	s := &stmt{bare: bare, conn: c, query: query}
	switch {
	case again:
		s.running = p
	case c.direct():
		p.End(profiler.Ending{Group: layer.SQL.Group})
	default:
		p.Discard()
		s.prepare = time.Since(start)
	}
	return s.withInterfaces(), nil
}

// direct says that the driver runs any statement without preparing it.
func (c *conn) direct() bool {
	return (c.queryerContext != nil || c.queryer != nil) && (c.execerContext != nil || c.execer != nil)
}
