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
	case err == nil || errors.As(err, &explained):
		return err
	case d.closed.Load():
		return drivers.ErrClosed
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return &storeError{d.where, err}
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
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

// read runs a command that changes nothing, again if its connection broke.
func (d *driver) read(ctx context.Context, command func() error) error {
	for try := 0; ; try++ {
		err := command()
		var timeout net.Error
		if err == nil || answered(err) || try == 2 || ctx.Err() != nil || d.closed.Load() ||
			errors.As(err, &timeout) && timeout.Timeout() {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond << try):
		case <-ctx.Done():
		}
	}
}
