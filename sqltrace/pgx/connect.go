package sondepgx

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

// TraceConnectStart implements [pgx.ConnectTracer].
func (t *tracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	if !profiler.Active(ctx) {
		return ctx
	}
	if w, ok := ctx.Value(ofPool).(*wait); ok {
		ctx = w.below(ctx, t.waitName)
	}
	inner, p := profiler.Open(ctx, profiler.Opening{Name: t.cfg.ConnectName, Layer: layer.SQL})
	return &call{Context: inner, kind: ofConnect, point: p}
}

// TraceConnectEnd implements [pgx.ConnectTracer].
func (t *tracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	if c := running(ctx, ofConnect, nil); c != nil {
		t.end(c, profiler.Encoded{}, data.Err)
	}
}

// leastWait is how long an acquisition takes that is a point for that alone. What the
// pool has at hand it gives in microseconds.
const leastWait = time.Millisecond

// wait is a call of the pool's Acquire, and its context. The point is opened once it
// is known to be one, by the pool's goroutine that connects or at the end: so points
// of the program's hooks are below the caller's, whatever becomes of this one.
type wait struct {
	context.Context
	pool  *pgxpool.Pool
	began time.Time

	mu    sync.Mutex
	inner context.Context // of the point; nil if there is none yet
	point profiler.Point
	ended bool
}

// ofPool is the key by which a context has its wait.
const ofPool kind = -1

// Value implements [context.Context].
func (w *wait) Value(key any) any {
	if key == ofPool {
		return w
	}
	return w.Context.Value(key)
}

// open opens the point unless it is open. w.mu is held.
func (w *wait) open(name string) {
	if w.inner == nil {
		w.inner, w.point = profiler.Open(w.Context, profiler.Opening{Name: name, Layer: layer.SQL, Time: w.began},
			slog.Int("pool_size", int(w.pool.Stat().MaxConns())))
	}
}

// below is ctx below the point, unless the call is over: the pool goes on to connect
// after the caller has given up.
func (w *wait) below(ctx context.Context, name string) context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return ctx
	}
	w.open(name)
	return within{ctx, w.inner}
}

// within is a context with the end of one and the values of another: a connection is
// made for the pool, whoever asked for it.
type within struct {
	context.Context
	values context.Context
}

// Value implements [context.Context].
func (w within) Value(key any) any { return w.values.Value(key) }

// TraceAcquireStart implements [pgxpool.AcquireTracer].
func (t *tracer) TraceAcquireStart(ctx context.Context, pool *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	if !profiler.Active(ctx) {
		return ctx
	}
	return &wait{Context: ctx, pool: pool, began: time.Now()}
}

// TraceAcquireEnd implements [pgxpool.AcquireTracer].
func (t *tracer) TraceAcquireEnd(ctx context.Context, pool *pgxpool.Pool, data pgxpool.TraceAcquireEndData) {
	if !profiler.Active(ctx) {
		return
	}
	w, ok := ctx.Value(ofPool).(*wait)
	if !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.inner == nil && data.Err == nil && time.Since(w.began) < leastWait {
		return
	}
	w.open(t.waitName)
	t.cfg.End(w.Context, w.point, &sqlpoint.Given{}, profiler.Encoded{}, data.Err, slog.Int("pool_in_use", int(pool.Stat().AcquiredConns())))
}
