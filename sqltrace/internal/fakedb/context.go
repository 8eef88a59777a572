package fakedb

import (
	"context"
	"sync"
)

// Ending returns a context that ends with err when the driver's method call, for
// instance "ExecContext", is called, and not before: a deadline by the clock might
// pass before a busy machine gets to the driver. s must not serve another test.
func (s *Server) Ending(ctx context.Context, err error, call string) context.Context {
	e := &ending{Context: ctx, done: make(chan struct{}), err: err}
	s.OnContext = func(c string, _ context.Context) {
		if c == call {
			e.once.Do(func() { close(e.done) })
		}
	}
	return e
}

type ending struct {
	context.Context
	done chan struct{}
	once sync.Once
	err  error
}

// Done implements [context.Context].
func (e *ending) Done() <-chan struct{} { return e.done }

// Err implements [context.Context].
func (e *ending) Err() error {
	select {
	case <-e.done:
		return e.err
	default:
		return nil
	}
}
