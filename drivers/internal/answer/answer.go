// Package answer bounds how long a driver waits for its store's answer.
package answer

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
// [drivers.Options.SocketTimeout].
type Limit struct {
	Store string // as errors name it, such as "PostgreSQL at db:5432"
	Time  time.Duration
}

// Wait is one exchange that goes on. Its methods belong to one goroutine.
type Wait struct {
	limit  Limit
	silent error // the cause with which the context ends at the limit
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// Begin begins an exchange, whose context ends when the store has said nothing
// for the limit. End has to be called.
func (l Limit) Begin(ctx context.Context) (context.Context, *Wait) {
	w := &Wait{limit: l, silent: l.Silent()}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(l.Time, func() { w.cancel(w.silent) })
	return w.ctx, w
}

// Do is an exchange of one question and one answer.
func (l Limit) Do(ctx context.Context, ask func(context.Context) error) error {
	ctx, w := l.Begin(ctx)
	return w.End(ask(ctx))
}

// Silent is the error of a store that has not answered: one that wraps
// [driver.ErrNoAnswer].
func (l Limit) Silent() error { return &silence{l} }

// Heard begins the limit anew, since the store has said something or is asked
// again.
func (w *Wait) Heard() { w.timer.Reset(w.limit.Time) }

// Pause stops the clock until Heard, while it is not the store that is waited
// for.
func (w *Wait) Pause() { w.timer.Stop() }

// Reader returns r, each part of which has the limit to come.
func (w *Wait) Reader(r io.Reader) io.Reader { return &reader{w, r} }

type reader struct {
	wait *Wait
	from io.Reader
}

func (r *reader) Read(b []byte) (int, error) {
	r.wait.Heard()
	return r.from.Read(b)
}

// Explain returns the error for an exchange that has come to err. It says that
// the store did not answer if that is why, and that nothing was sent if err
// says so.
func (w *Wait) Explain(err error) error {
	if err == nil || context.Cause(w.ctx) != w.silent {
		return err
	}
	if errors.Is(err, record.ErrNotSent) {
		return fmt.Errorf("%w: %w", record.ErrNotSent, w.silent)
	}
	return w.silent
}

// End ends the exchange and its context, and explains what it has come to.
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
