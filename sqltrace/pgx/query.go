package sondepgx

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

// TraceQueryStart implements [pgx.QueryTracer].
func (t *tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if !profiler.Active(ctx) {
		return ctx
	}
	args := named(data.Args)
	inner, p := t.cfg.Open(ctx, t.cfg.Name, data.SQL, args)
	p.Release()
	c := &call{Context: inner, kind: ofQuery, conn: conn, point: p, given: sqlpoint.Given{Query: data.SQL, Args: args}}
	c.given.Opaque = forget(args)
	return c
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (t *tracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	if c := running(ctx, ofQuery, conn); c != nil {
		t.end(c, counted(data.CommandTag), data.Err)
	}
}

// end ends the point of c.
func (t *tracer) end(c *call, rows profiler.Encoded, err error, attrs ...slog.Attr) {
	c.ended = true
	var scan pgx.ScanArgError
	if err != nil && errors.As(err, &scan) {
		c.given.Opaque = true
	}
	t.cfg.End(c.Context, c.point, &c.given, rows, err, attrs...)
}

// counts is the attribute that says how many rows a command has sent or changed, ""
// if its tag has no number.
func counts(tag pgconn.CommandTag) (key string) {
	s := tag.String()
	if s == "" || s[len(s)-1] < '0' || s[len(s)-1] > '9' {
		return ""
	}
	if tag.Select() || strings.HasPrefix(s, "FETCH ") {
		return "rows"
	}
	return "rows_affected"
}

// counted is what a command's point says of the rows that it has sent or changed.
func counted(tag pgconn.CommandTag) profiler.Encoded {
	switch counts(tag) {
	case "rows":
		return sqlpoint.Rows(tag.RowsAffected())
	case "rows_affected":
		return sqlpoint.Affected(tag.RowsAffected())
	}
	return profiler.Encoded{}
}

// TracePrepareStart implements [pgx.PrepareTracer]. What pgx prepares for a query or a
// copy is part of that.
func (t *tracer) TracePrepareStart(ctx context.Context, conn *pgx.Conn, data pgx.TracePrepareStartData) context.Context {
	if !profiler.Active(ctx) {
		return ctx
	}
	for _, k := range []kind{ofQuery, ofCopy} {
		if c := running(ctx, k, conn); c != nil {
			c.preparing = time.Now()
			return ctx
		}
	}
	inner, p := t.cfg.Open(ctx, t.cfg.PrepareName, data.SQL, nil)
	return &call{Context: inner, kind: ofPrepare, conn: conn, point: p, given: sqlpoint.Given{Query: data.SQL}}
}

// TracePrepareEnd implements [pgx.PrepareTracer]. What was prepared already leaves no
// point.
func (t *tracer) TracePrepareEnd(ctx context.Context, conn *pgx.Conn, data pgx.TracePrepareEndData) {
	if c := running(ctx, ofPrepare, conn); c != nil {
		if data.AlreadyPrepared {
			c.ended = true
			c.point.Discard()
			return
		}
		t.end(c, profiler.Encoded{}, data.Err)
		return
	}
	for _, k := range []kind{ofQuery, ofCopy} {
		c := running(ctx, k, conn)
		if c == nil {
			continue
		}
		c.given.Prepare += time.Since(c.preparing)
		if k == ofCopy && data.Err != nil { // pgx does not tell of a copy's end then
			t.end(c, profiler.Encoded{}, data.Err)
		}
	}
}
