package wrapped

//lint:file-ignore SA1019 Drivers have the deprecated interfaces, so the wrapper has them.

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// Direct runs statements on a driver's connection without preparing them, as
// far as the driver can.
type Direct struct {
	execerContext  driver.ExecerContext
	execer         driver.Execer
	queryerContext driver.QueryerContext
	queryer        driver.Queryer
}

// NewDirect is the Direct of a driver's connection.
func NewDirect(bare driver.Conn) (d Direct) {
	d.execerContext, _ = bare.(driver.ExecerContext)
	d.execer, _ = bare.(driver.Execer)
	d.queryerContext, _ = bare.(driver.QueryerContext)
	d.queryer, _ = bare.(driver.Queryer)
	return d
}

func (d *Direct) execs() bool { return d.execerContext != nil || d.execer != nil }

func (d *Direct) queries() bool { return d.queryerContext != nil || d.queryer != nil }

// Any reports whether every statement can be tried without preparing it.
func (d *Direct) Any() bool { return d.execs() && d.queries() }

// Exec executes a statement; the driver has an interface for that.
func (d *Direct) Exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if d.execerContext != nil {
		return d.execerContext.ExecContext(ctx, query, args)
	}
	values, err := olddriver.Args(ctx, args)
	if err != nil {
		return nil, err
	}
	return d.execer.Exec(query, values)
}

// Query runs a query; the driver has an interface for that.
func (d *Direct) Query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if d.queryerContext != nil {
		return d.queryerContext.QueryContext(ctx, query, args)
	}
	values, err := olddriver.Args(ctx, args)
	if err != nil {
		return nil, err
	}
	return d.queryer.Query(query, values)
}
