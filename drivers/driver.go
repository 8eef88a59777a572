package drivers

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/sonde-go/sonde/record"
)

// Driver writes trace points to a store and reads them back. All its methods
// are safe for concurrent use.
//
// No method waits for ever: a server that leaves one exchange without an answer
// for [Options.SocketTimeout] makes it fail with an error that names the store
// and wraps [ErrNoAnswer]. A method that needs many exchanges may take longer
// as a whole; its context bounds that.
//
// Notify (see [record.Sink]) writes at least once: a repeated record has the
// (trace id, name) of the first, and readers ignore repeats.
type Driver interface {
	record.Sink

	// Records yields the records of one trace in the store's order. A record
	// that cannot be read is yielded as a [*record.BadRecordError] and the
	// next one follows; any other error is the last thing yielded. An unknown
	// base id yields nothing. A store that cannot be read back yields an error
	// that wraps [errors.ErrUnsupported], whose text says where to look instead.
	Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error]

	// Traces yields the traces of the store, newest first. A store that cannot
	// list its traces, or not by what q asks for, yields an error that wraps
	// [errors.ErrUnsupported].
	Traces(ctx context.Context, q Query) iter.Seq2[Trace, error]

	// Close releases what Open took. It is idempotent. Notify after Close
	// fails.
	Close() error
}

// Deleter is a Driver that can remove a trace.
type Deleter interface {
	// Delete removes every record of one trace. Removing an unknown trace is
	// no error.
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

// ErrNoAnswer is wrapped by the errors of methods that have waited for their
// server longer than [Options.SocketTimeout].
var ErrNoAnswer = errors.New("the store did not answer")

// ErrClosed is what a driver's methods return after Close.
var ErrClosed = errors.New("driver is closed")

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
	Failed    bool   // filed as failed; see Options.FilterErrorTrace
}
