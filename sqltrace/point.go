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

// open begins the point of a statement. Its start record is withheld until the
// driver answers. ctx carries a trace.
func (c *config) open(ctx context.Context, name, query string, args []driver.NamedValue) (context.Context, profiler.Point) {
	s := c.statements.of(query)
	o := profiler.Opening{Name: name, Layer: layer.SQL, Encoded: s.shown, Held: true}
	var all [2]slog.Attr
	attrs := all[:0]
	if len(args) > 0 || s.hides {
		if id, ok := argsHash(ctx, s.hash, args); ok {
			attrs = append(attrs, slog.Uint64("args_hash", id))
		}
	}
	if a, ok := c.args.attr(args, profiler.MaskOf(ctx), func() []string { return c.statements.columns(query) }); ok {
		attrs = append(attrs, a)
	}
	return profiler.Open(ctx, o, attrs...)
}

// end ends the point of a call, or of its rows, that ended with err. Errors that
// database/sql's users treat as an answer are not failures.
func (c *config) end(ctx context.Context, p profiler.Point, g given, err error, attrs ...slog.Attr) {
	e := profiler.Ending{Group: layer.SQL.Group}
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows), errors.Is(err, io.EOF), errors.Is(err, driver.ErrSkip):
	case ctx.Err() == context.Canceled: // some drivers have an error of their own for it
		e.Outcome = "cancelled"
	default:
		if ctx.Err() == context.DeadlineExceeded {
			e.Outcome = "timeout"
		}
		e.Err, e.Text = err, c.hide(g, err)
		if code, ok := errorCode(err); ok {
			attrs = append(attrs, code)
		}
	}
	p.End(e, attrs...)
}
