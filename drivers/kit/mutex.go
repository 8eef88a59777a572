package kit

import (
	"context"
	"fmt"
)

// Mutex is a lock that can be acquired with a context. [NewMutex] makes one.
type Mutex struct{ held chan struct{} }

// NewMutex returns a Mutex that is not locked.
func NewMutex() Mutex { return Mutex{make(chan struct{}, 1)} }

// Lock waits for the Mutex and locks it. If ctx ends first, or has already ended,
// it returns an error that wraps the cause.
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

// Unlock unlocks the Mutex.
func (m Mutex) Unlock() { <-m.held }
