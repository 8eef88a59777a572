package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers/driver"
)

// explain returns an error that says that the context has ended, or that Redis did
// not answer, if that is why a command failed.
func (d *store) explain(ctx context.Context, err error) error {
	if err == nil || !timedOut(err) || ctx.Err() != nil || errors.Is(err, driver.ErrNoAnswer) {
		return err
	}
	// The connection had the context's deadline, and may be the first to see it
	// pass.
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	if unsent(err) {
		return err
	}
	return d.limit.Silent()
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// answered reports whether err is the server's refusal of a command, which then has
// had no effect.
func answered(err error) bool {
	var refusal redis.Error
	return errors.As(err, &refusal)
}

// wrongType reports whether a key holds something other than a list.
func wrongType(err error) bool { return redis.HasErrorPrefix(err, "WRONGTYPE") }

// unsent reports whether there was no connection on which to send anything.
func unsent(err error) bool {
	var dial *dialError
	return errors.As(err, &dial)
}

// read runs a command that changes nothing, and once more if its connection broke.
func (d *store) read(ctx context.Context, command func() error) error {
	for try := 0; ; try++ {
		err := command()
		if err == nil || answered(err) || timedOut(err) || try == 2 || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond << try):
		case <-ctx.Done():
		}
	}
}
