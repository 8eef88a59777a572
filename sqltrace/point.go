package sqltrace

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"

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
