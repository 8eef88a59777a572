package sqltrace

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

// BeginTraced implements [wrapped.TracedConn].
func (c *conn) BeginTraced(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	inner, p := c.cfg.Open(ctx, c.cfg.Name, "BEGIN", nil)
	returned := false
	defer p.Guard(&returned)
	bare, err := olddriver.Begin(inner, c.Bare, opts)
	returned = true
	if err != nil {
		c.fail(ctx, p, &sqlpoint.Given{}, err)
		return bare, err
	}
	c.Next.Begun(true)
	p.End(profiler.Ending{Group: layer.SQL.Group})
	return &tx{bare: bare, conn: c, ctx: ctx}, nil
}

// tx wraps a transaction that was begun in a trace. Commit and Rollback take no
// context, so their points belong to where the transaction began.
type tx struct {
	bare driver.Tx
	conn *conn
	ctx  context.Context
}

func (t *tx) Commit() error { return t.end("COMMIT", t.bare.Commit) }

func (t *tx) Rollback() error { return t.end("ROLLBACK", t.bare.Rollback) }

func (t *tx) end(statement string, do func() error) error {
	t.conn.Next.Forget()
	_, p := t.conn.cfg.Open(t.ctx, t.conn.cfg.Name, statement, nil)
	returned := false
	defer p.Guard(&returned)
	err := do()
	returned = true
	t.conn.Next.Ended()
	// A rollback because the context is cancelled is done, not cancelled.
	t.conn.cfg.End(context.WithoutCancel(t.ctx), p, &sqlpoint.Given{}, profiler.Encoded{}, err)
	return err
}
