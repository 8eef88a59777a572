package sondepgx

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

// TraceCopyFromStart implements [pgx.CopyFromTracer].
func (t *tracer) TraceCopyFromStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	if !profiler.Active(ctx) {
		return ctx
	}
	text := "COPY " + data.TableName.Sanitize() + " ("
	for i, column := range data.ColumnNames {
		if i > 0 {
			text += ", "
		}
		text += pgx.Identifier{column}.Sanitize()
	}
	text += ") FROM STDIN"
	// Two copies have the same text and different rows, which nobody has seen here.
	inner, p := t.batches.Open(ctx, t.cfg.Name, text, unseen)
	p.Release()
	return &call{Context: inner, kind: ofCopy, conn: conn, point: p, given: sqlpoint.Given{Query: text, Opaque: true}}
}

// TraceCopyFromEnd implements [pgx.CopyFromTracer].
func (t *tracer) TraceCopyFromEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceCopyFromEndData) {
	if c := running(ctx, ofCopy, conn); c != nil {
		t.end(c, counted(data.CommandTag), data.Err)
	}
}
