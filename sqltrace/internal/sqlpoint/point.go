package sqlpoint

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"

	"github.com/sonde-go/sonde/internal/callargs"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Open begins the point of a statement. Its start record is withheld until the
// driver answers. ctx carries a trace.
func (c *Config) Open(ctx context.Context, name, query string, args []driver.NamedValue) (context.Context, profiler.Point) {
	s := c.Statements.of(query)
	shown := s.shown.Without()
	if len(args) > 0 || s.hides {
		if id, ok := argsHash(ctx, s.hash, args); ok {
			shown = s.shown.With(id)
		}
	}
	var attrs []slog.Attr
	if c.Args.Kind != ArgsOff && len(args) > 0 {
		attrs = []slog.Attr{c.Args.attr(args, profiler.MaskOf(ctx), func() []string { return c.Statements.columns(query) })}
	}
	return profiler.Open(ctx, profiler.Opening{Name: name, Layer: layer.SQL, Encoded: shown, Held: true}, attrs...)
}

// argsHash is false if only the driver understands an argument.
func argsHash(ctx context.Context, query uint64, args []driver.NamedValue) (int64, bool) {
	h := callargs.Begin(ctx, query)
	for i := range args {
		if !h.Add(args[i].Value) {
			return 0, false
		}
	}
	return int64(h.Sum()), true
}

// End ends the point of a call, or of its rows, that ended with err, and says how many
// rows it was about. Errors that database/sql's users treat as an answer are not
// failures.
func (c *Config) End(ctx context.Context, p profiler.Point, g *Given, rows profiler.Encoded, err error, attrs ...slog.Attr) {
	e := profiler.Ending{Group: layer.SQL.Group, Encoded: rows}
	if g.Prepare > 0 {
		attrs = append(attrs, slog.Duration("prepare", g.Prepare))
	}
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows), errors.Is(err, io.EOF), errors.Is(err, driver.ErrSkip):
	case ctx.Err() == context.Canceled: // some drivers have an error of their own for it
		e.Outcome = "cancelled"
	default:
		if ctx.Err() == context.DeadlineExceeded {
			e.Outcome = "timeout"
		}
		e.Err, e.Text = err, c.hide(*g, err)
		if code, ok := errorCode(err); ok {
			attrs = append(attrs, code)
		}
	}
	p.End(e, attrs...)
}
