package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers"
)

// storeError says which store failed.
type storeError struct {
	where string
	err   error
}

func (e *storeError) Error() string { return e.where + ": " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// explain says once where err comes from, and that the context is over if it
// is.
func (d *driver) explain(ctx context.Context, err error) error {
	var explained *storeError
	switch {
	case err == nil || errors.As(err, &explained) || errors.Is(err, drivers.ErrNoAnswer) && !unsent(err):
		return err
	case d.closed.Load():
		return drivers.ErrClosed
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
	case ctx.Err() != nil:
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	case timedOut(err):
		// The connection had the context's deadline, and may be the first to
		// see it pass.
		if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
			err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
		} else if !unsent(err) {
			return d.limit.Silent()
		}
	}
	return &storeError{d.limit.Store, err}
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// answered says whether err is the server's refusal of a command, which then
// has had no effect.
func answered(err error) bool {
	var refusal redis.Error
	return errors.As(err, &refusal)
}

// wrongType says whether there is something else than a list at a key.
func wrongType(err error) bool { return redis.HasErrorPrefix(err, "WRONGTYPE") }

// unsent says whether there was no connection to send anything on.
func unsent(err error) bool {
	var dial *dialError
	return errors.As(err, &dial)
}

// joinLine joins errors in one line.
func joinLine(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return lineError(errs)
}

type lineError []error

func (e lineError) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (e lineError) Unwrap() []error { return e }

// read runs a command that changes nothing, again if its connection broke.
func (d *driver) read(ctx context.Context, command func() error) error {
	for try := 0; ; try++ {
		err := command()
		if err == nil || answered(err) || timedOut(err) || try == 2 || ctx.Err() != nil || d.closed.Load() {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond << try):
		case <-ctx.Done():
		}
	}
}
