package drivers

import (
	"context"
	"errors"
	"iter"

	"github.com/sonde-go/sonde/record"
)

// call is one call of a driver's method.
type call struct {
	store   *Store
	ctx     context.Context // the driver's
	cancel  context.CancelCauseFunc
	stop    func() bool
	running bool // counted as such
}

// begin begins a call if the driver has the operation, the store is open and ctx
// has not ended. The caller has to end it.
func (s *Store) begin(ctx context.Context, op Op) (*call, error) {
	if err := s.lacks(op); err != nil {
		return nil, err
	}
	c := &call{store: s}
	if err := c.goOn(ctx); err != nil {
		return nil, err
	}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.stop = context.AfterFunc(s.life, func() { c.cancel(ErrClosed) })
	return c, nil
}

func (c *call) end() {
	c.stop()
	c.cancel(nil)
	c.pause()
}

// goOn counts the call as running.
func (c *call) goOn(ctx context.Context) error {
	s := c.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.unusable(ctx); err != nil {
		return err
	}
	s.running++
	c.running = true
	return nil
}

// pause counts the call as not running.
func (c *call) pause() {
	if !c.running {
		return
	}
	c.running = false
	s := c.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running--; s.running == 0 && s.closed {
		close(s.idle)
	}
}

// each yields what a driver yields. While the reader has an item, the call is
// not running, so that Close does not wait for a reader, who may be its caller.
func each[T any](ctx context.Context, s *Store, op Op, yield func(T, error) bool, open func(context.Context) iter.Seq2[T, error]) {
	var none T
	c, err := s.begin(ctx, op)
	if err != nil {
		yield(none, s.failed(ctx, op, err))
		return
	}
	defer c.end()
	for item, err := range open(c.ctx) {
		if err != nil && !isBadRecord(err) {
			c.pause()
			yield(none, s.failed(ctx, op, err))
			return
		}
		c.pause()
		more := yield(item, err)
		err = c.goOn(ctx)
		if !more {
			return
		}
		if err != nil {
			yield(none, s.failed(ctx, op, err))
			return
		}
	}
}

// isBadRecord reports whether an error is about one record, and others follow.
func isBadRecord(err error) bool {
	var bad *record.BadRecordError
	return errors.As(err, &bad)
}
