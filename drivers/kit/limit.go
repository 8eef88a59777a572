package kit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/record"
)

// Limit is how long one exchange with a store may take without an answer:
// the option socket_timeout.
type Limit struct {
	Store string // as errors name it, such as "PostgreSQL at db:5432"
	Time  time.Duration
}

// Wait is one exchange in progress. Its methods must be called from one goroutine.
type Wait struct {
	limit  Limit
	silent error // the cause with which the context ends at the limit
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// Begin begins an exchange. The returned context ends when the store has sent
// nothing for as long as the limit. The caller has to call [Wait.End].
func (l Limit) Begin(ctx context.Context) (context.Context, *Wait) {
	w := &Wait{limit: l, silent: l.Silent()}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(l.Time, func() { w.cancel(w.silent) })
	return w.ctx, w
}

// Do runs ask as an exchange of one question and one answer.
func (l Limit) Do(ctx context.Context, ask func(context.Context) error) error {
	ctx, w := l.Begin(ctx)
	return w.End(ask(ctx))
}

// Silent returns the error for a store that has not answered. It wraps
// [driver.ErrNoAnswer].
func (l Limit) Silent() error { return &silence{l} }

// Heard restarts the limit, because the store has sent something or is asked
// again.
func (w *Wait) Heard() { w.timer.Reset(w.limit.Time) }

// Pause stops the clock until Heard, while the caller is not waiting for the
// store.
func (w *Wait) Pause() { w.timer.Stop() }

// Reader returns a reader of r that calls Heard for each part that arrives.
func (w *Wait) Reader(r io.Reader) io.Reader { return &reader{w, r} }

type reader struct {
	wait *Wait
	from io.Reader
}

func (r *reader) Read(b []byte) (int, error) {
	r.wait.Heard()
	return r.from.Read(b)
}

// Explain returns the error for an exchange that failed with err. It says that the
// store did not answer if that is why, and keeps record.ErrNotSent if err wraps
// it.
func (w *Wait) Explain(err error) error {
	if err == nil || context.Cause(w.ctx) != w.silent {
		return err
	}
	if errors.Is(err, record.ErrNotSent) {
		return fmt.Errorf("%w: %w", record.ErrNotSent, w.silent)
	}
	return w.silent
}

// End ends the exchange and its context, and returns err as [Wait.Explain] does.
func (w *Wait) End(err error) error {
	w.timer.Stop()
	err = w.Explain(err)
	w.cancel(nil)
	return err
}

type silence struct{ Limit }

func (s *silence) Error() string {
	return fmt.Sprintf("%s did not answer within %v; if it is only slow, set socket_timeout (OS_PROFILER__SOCKET_TIMEOUT, in seconds) higher", s.Store, s.Time)
}

func (s *silence) Unwrap() error { return driver.ErrNoAnswer }
