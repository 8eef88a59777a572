package kit

import (
	"context"
	"fmt"
)

// Mutex is a lock that can be waited for with a context. [NewMutex] makes one.
type Mutex struct{ held chan struct{} }

// NewMutex makes a Mutex that is free.
func NewMutex() Mutex { return Mutex{make(chan struct{}, 1)} }

// Lock waits until the Mutex is free and takes it. If ctx ends before, or has
// ended, it returns an error that wraps its cause.
func (m Mutex) Lock(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("waiting for another call: %w", context.Cause(ctx))
	}
	select {
	case m.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for another call: %w", context.Cause(ctx))
	}
}

// Unlock frees the Mutex.
func (m Mutex) Unlock() { <-m.held }
