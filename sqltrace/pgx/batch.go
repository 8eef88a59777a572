package sondepgx

import (
	"cmp"
	"context"
	"database/sql/driver"
	"log/slog"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

// batch is what is known of a batch besides what other calls have.
type batch struct {
	statements     int
	rows, affected int64
	err            error // of the first statement that failed
}

// TraceBatchStart implements [pgx.BatchTracer].
func (t *tracer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	if !profiler.Active(ctx) {
		return ctx
	}
	text, args := statements(data.Batch.QueuedQueries)
	inner, p := t.batches.Open(ctx, t.batchName, text, args)
	p.Release()
	args = slices.DeleteFunc(args, func(v driver.NamedValue) bool { _, ok := v.Value.(which); return ok })
	c := &call{
		Context: inner, kind: ofBatch, conn: conn, point: p, given: sqlpoint.Given{Query: text, Args: args},
		batch: &batch{statements: len(data.Batch.QueuedQueries)},
	}
	c.given.Opaque = forget(args)
	return c
}

// which says to which text of a batch the arguments after it belong.
type which int64

// statements are the texts of queries, each once, and their arguments.
func statements(queries []*pgx.QueuedQuery) (text string, args []driver.NamedValue) {
	var texts []string
	at := map[string]int64{}
	for _, q := range queries {
		i, ok := at[q.SQL]
		if !ok {
			i = int64(len(texts))
			at[q.SQL] = i
			texts = append(texts, q.SQL)
		}
		args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: which(i)})
		args = append(args, named(q.Arguments)...)
	}
	return strings.Join(texts, ";\n"), args
}

// TraceBatchQuery implements [pgx.BatchTracer].
func (t *tracer) TraceBatchQuery(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchQueryData) {
	c := running(ctx, ofBatch, conn)
	if c == nil {
		return
	}
	switch counts(data.CommandTag) {
	case "rows":
		c.batch.rows += data.CommandTag.RowsAffected()
	case "rows_affected":
		c.batch.affected += data.CommandTag.RowsAffected()
	}
	if c.batch.err == nil {
		c.batch.err = data.Err
	}
}

// TraceBatchEnd implements [pgx.BatchTracer].
func (t *tracer) TraceBatchEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchEndData) {
	c := running(ctx, ofBatch, conn)
	if c == nil {
		return
	}
	attrs := []slog.Attr{slog.Int("statements", c.batch.statements)}
	if c.batch.rows > 0 {
		attrs = append(attrs, slog.Int64("rows", c.batch.rows))
	}
	if c.batch.affected > 0 {
		attrs = append(attrs, slog.Int64("rows_affected", c.batch.affected))
	}
	t.end(c, profiler.Encoded{}, cmp.Or(data.Err, c.batch.err), attrs...)
}
