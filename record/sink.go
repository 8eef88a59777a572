package record

import (
	"context"
	"errors"
	"fmt"
)

// Sink takes events to a store.
//
// Notify delivers a batch. The events and what they point to are valid until it
// returns; to keep one longer, take an [Event.Clone]. Each service calls it from
// one goroutine at a time, and it should give up when ctx ends. The error says
// what became of the batch:
//
//   - nil: every event is stored.
//   - [*RejectedError]: the listed events will never be stored; the others may
//     or may not be, and are sent again.
//   - an error that wraps [ErrNotSent]: none of the events reached the store;
//     they are sent again.
//   - any other: unknown, for instance because the reply was lost. The batch is
//     sent again, so a store may see an event twice: (Point, Name, Phase)
//     identifies it.
type Sink interface {
	Notify(ctx context.Context, events []Event) error
}

// ErrNotSent is wrapped by a Sink's error when it is certain that no event of
// the batch reached the store, for instance because it refused the connection.
var ErrNotSent = errors.New("not sent")

// RejectedError is a Sink's answer to a batch some of whose events it will never
// accept. They are dropped and counted; the rest is sent again.
type RejectedError struct {
	Indexes []int // of the rejected events in the batch, ascending
	Err     error // why
}

// Error returns how many events were rejected and why.
func (e *RejectedError) Error() string {
	return fmt.Sprintf("%d events rejected: %v", len(e.Indexes), e.Err)
}

// Unwrap returns the reason.
func (e *RejectedError) Unwrap() error { return e.Err }
