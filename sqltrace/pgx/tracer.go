package sondepgx

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

// Trace has connections that are made with config traced. A tracer that config has
// already goes on to be told of everything; a config that is traced already is left
// as it is, and opts are ignored. Call it before the pool or the connection is made.
func Trace(config *pgx.ConnConfig, opts ...sqltrace.Option) {
	switch next := config.Tracer.(type) {
	case nil:
		config.Tracer = newTracer(opts)
	case *tracer:
	case *multitracer.Tracer:
		if !slices.ContainsFunc(next.QueryTracers, func(q pgx.QueryTracer) bool { _, ok := q.(*tracer); return ok }) {
			config.Tracer = multitracer.New(newTracer(opts), next)
		}
	default:
		config.Tracer = multitracer.New(newTracer(opts), next)
	}
}

// tracer is what pgx tells of the calls of all connections of a config.
type tracer struct {
	cfg       *sqlpoint.Config
	batches   *sqlpoint.Config // of batches and copies, whose arguments are not recorded
	batchName string
	waitName  string
}

func newTracer(opts []sqltrace.Option) *tracer {
	t := &tracer{
		cfg:     sqlpoint.New(sqltext.Standard, opts),
		batches: sqlpoint.New(sqltext.Standard, append(slices.Clone(opts), sqltrace.WithArgs(sqltrace.Args{}))),
	}
	t.batchName, t.waitName = t.cfg.Name+"_batch", t.cfg.Name+"_acquire"
	return t
}

// kind is the kind of a call, and the key by which its context has it.
type kind int

const (
	ofQuery kind = iota
	ofPrepare
	ofBatch
	ofCopy
	ofConnect
)

// call is a call of a connection, and the context that pgx has for the rest of it. A
// connection does one thing at a time, so no lock is needed.
type call struct {
	context.Context // of the point
	kind            kind
	conn            *pgx.Conn // nil for ofConnect
	point           profiler.Point
	given           sqlpoint.Given
	ended           bool      // pgx tells of the end of a batch twice if its beginning fails
	preparing       time.Time // when pgx began to prepare what it needs for the call

	batch *batch // of ofBatch
}

// Value implements [context.Context].
func (c *call) Value(key any) any {
	if k, ok := key.(kind); ok && k == c.kind {
		return c
	}
	return c.Context.Value(key)
}

// running is the call of a connection that ctx is of, or nil if that is not recorded.
func running(ctx context.Context, k kind, conn *pgx.Conn) *call {
	if !profiler.Active(ctx) {
		return nil
	}
	if c, ok := ctx.Value(k).(*call); ok && c.conn == conn && !c.ended {
		return c
	}
	return nil
}
