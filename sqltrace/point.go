package sqltrace

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// The points of this package.
const (
	pointQuery   = "db"
	pointPrepare = "db_prepare"
	pointConnect = "db_connect"
)

// open begins the point of a statement. Its start is withheld until the driver
// answers. ctx carries a profiler.
func (c *config) open(ctx context.Context, name, query string, args []driver.NamedValue) (context.Context, profiler.Point) {
	o := profiler.Opening{Name: name, Layer: layer.SQL, Held: true}
	text := c.fingerprints.of(query)
	if c.hideLiterals {
		query = text
	}
	statement, fingerprint := slog.String("statement", query), slog.String("fingerprint", text)
	if a, ok := c.args.attr(args); ok {
		return profiler.Open(ctx, o, statement, fingerprint, a)
	}
	return profiler.Open(ctx, o, statement, fingerprint)
}

// ending says how a call went that ended with err. What database/sql's users
// take for an answer is no failure.
func ending(ctx context.Context, err error) profiler.Ending {
	e := profiler.Ending{Group: layer.SQL.Group}
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows), errors.Is(err, io.EOF), errors.Is(err, driver.ErrSkip):
	case ctx.Err() == context.Canceled: // some drivers have an error of their own for it
		e.Outcome = "cancelled"
	case ctx.Err() == context.DeadlineExceeded:
		e.Err, e.Outcome = err, "timeout"
	default:
		e.Err = err
	}
	return e
}

// retried says that database/sql tries again after err, so that what failed
// with it is not recorded.
func (c *conn) retried(err error) bool {
	return c.used && !c.inTx && errors.Is(err, driver.ErrBadConn)
}

// fail ends the point of a call that failed with err.
func (c *conn) fail(ctx context.Context, p profiler.Point, err error) {
	if c.retried(err) {
		p.Discard()
		return
	}
	p.End(ending(ctx, err))
}

// skipped is a statement that the driver did not want to run without preparing
// it. database/sql prepares it next, and the point that began with the
// statement goes on.
type skipped struct {
	set    bool
	query  string
	parent header.ID // the point that the caller is in
	point  profiler.Point
}

func (c *conn) skip(ctx context.Context, query string, p profiler.Point) {
	c.skipped = skipped{set: true, query: query, point: p}
	if p.Active() {
		c.skipped.parent = parent(ctx)
	}
}

// takeSkipped returns the point of a statement that was skipped just now; ok
// is false if there was none.
func (c *conn) takeSkipped(ctx context.Context, query string) (p profiler.Point, ok bool) {
	s := c.skipped
	if !s.set {
		return profiler.Point{}, false
	}
	c.skipped = skipped{}
	if s.query == query && s.parent == parent(ctx) {
		return s.point, true
	}
	s.point.Discard()
	return profiler.Point{}, false
}

// forgetSkipped discards a point that nothing came of.
func (c *conn) forgetSkipped() {
	if c.skipped.set {
		c.skipped.point.Discard()
		c.skipped = skipped{}
	}
}

func parent(ctx context.Context) header.ID {
	in, _ := profiler.Current(ctx)
	return in.ParentID
}
