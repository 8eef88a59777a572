// Package driver is what the author of a store's driver implements. Programs
// use [github.com/sonde-go/sonde/drivers] instead, whose Store holds a Driver
// and does what is the same for all of them:
//
//   - No method is called after Close has begun, or with a context that has
//     ended. Close is called once.
//   - The context of a call ends when the caller's does, and a second after the
//     store has been closed. Whatever error a call comes to then, the Store
//     adds which of the two it was.
//   - An error is printed in one line after the operation and the store's URL
//     without its secrets, so a driver adds none of these. It has to keep
//     passwords out of the text itself.
//   - What a driver does not implement fails with [errors.ErrUnsupported].
//   - Between two records or traces that a driver yields, the Store looks
//     whether the context has ended or the store was closed.
//
// Notify is all that a driver has to have. The other operations are interfaces
// of their own, which a driver has or has not. All methods are safe for
// concurrent use. None waits for ever: a server that leaves one exchange without
// an answer for too long is an error that wraps [ErrNoAnswer].
package driver

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/sonde-go/sonde/record"
)

// Driver writes trace records to a store.
//
// Notify (see [record.Sink]) writes at least once: a repeated record has the
// (point, name) of the first, and readers ignore repeats. It may be called with
// no events.
type Driver interface {
	record.Sink

	// Close releases what the driver holds. Calls that heed their contexts have
	// ended by then. A sequence whose reader has stopped in the middle is told
	// so, by a yield that returns false, only when the reader goes on.
	Close() error
}

// Reader is a Driver whose store can be read back.
type Reader interface {
	// Records yields the records of one trace in the store's order. A record
	// that cannot be read is yielded as a [*record.BadRecordError] and the
	// next one follows; any other error is the last thing yielded. An unknown
	// base id, which may be any text, yields nothing.
	Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error]
}

// Lister is a Driver that can list the traces of its store.
type Lister interface {
	// Traces yields the traces that q selects, newest first. An error is the
	// last thing yielded.
	Traces(ctx context.Context, q Query) iter.Seq2[Trace, error]
}

// Deleter is a Driver that can remove a trace.
type Deleter interface {
	// Delete removes every record of one trace. Removing an unknown trace is
	// not an error.
	Delete(ctx context.Context, baseID string) error
}

// Pruner is a Driver that can forget what is old.
type Pruner interface {
	// Prune removes the traces whose last record is older than olderThan, and
	// returns how many they were.
	Prune(ctx context.Context, olderThan time.Time) (int, error)
}

// Pinger is a Driver that can say whether its store answers.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Limited is a Driver that has something to say about what it lacks.
type Limited interface {
	// Lacks returns why the driver cannot do something and what to do instead,
	// as "Jaeger keeps traces until …": the text of the error. It is "" for
	// what the driver can do, or has nothing to say about. An operation with a
	// text is never asked of the driver, even if it has the method.
	Lacks(Op) string
}

// Op is an operation of a store, as errors name it.
type Op string

// The operations. ListErrors is a list with [Query.ErrorsOnly], which some stores
// that list traces lack.
const (
	Open       Op = "open"
	Write      Op = "write" // Notify
	Read       Op = "read"  // Records
	List       Op = "list"  // Traces
	ListErrors Op = "list errors"
	Delete     Op = "delete"
	Prune      Op = "prune"
	Ping       Op = "ping"
	Close      Op = "close"
)

// ErrNoAnswer is wrapped by the error of a call that has waited for its server
// longer than the option SocketTimeout says.
var ErrNoAnswer = errors.New("the store did not answer")

// Query selects traces. The zero Query selects all.
type Query struct {
	Limit      int       // at most so many; 0: no limit
	Since      time.Time // only those that began at or after it
	Service    string    // only those in which this service took part
	ErrorsOnly bool      // only those that the store has filed as failed
}

// Trace is a line of a list of traces.
type Trace struct {
	BaseID    string
	Timestamp string // of its earliest record, as stored
	Project   string // of its earliest record, as Service and Name
	Service   string
	Name      string // of the point, without "-start"
	Failed    bool   // filed as failed; see drivers.Options.FilterErrorTrace
}
