// Package driver defines what the driver of a store implements. Programs use
// [github.com/sonde-go/sonde/drivers] instead, whose Store wraps a Driver and does
// what is the same for all of them:
//
//   - No method is called after Close has begun, or with a context that has
//     ended. Close is called once.
//   - The context of a call ends when the caller's does, and a second after the
//     store has been closed. Whatever error the call then returns, the Store adds
//     which of the two it was.
//   - An error is printed on one line after the operation and the store's URL
//     without its secrets, so a driver adds none of these. It has to keep
//     passwords out of the text itself.
//   - What a driver does not implement fails with [errors.ErrUnsupported].
//   - Between two records or traces that a driver yields, the Store checks
//     whether the context has ended or the store was closed.
//
// A driver must implement [Driver], and any of the other interfaces for what its
// store supports. All methods must be safe for concurrent use, and none may wait
// for ever: if a server leaves one exchange unanswered for too long, the method
// returns an error that wraps [ErrNoAnswer].
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
// Notify (see [record.Sink]) writes records at least once: a repeated one has the
// same (point, name) as the first, and readers ignore repeats. It may be called
// with no events.
type Driver interface {
	record.Sink

	// Close releases what the driver holds. Calls that heed their contexts have
	// ended by then. A sequence whose reader is between two items may be still
	// open: it learns of the end, by a yield that returns false, only when the
	// reader asks for the next item.
	Close() error
}

// Reader is a Driver whose store can be read back.
type Reader interface {
	// Records yields the records of one trace in the store's order. A record
	// that cannot be read is yielded as a [*record.BadRecordError] and the
	// next one follows; any other error is the last thing yielded. An unknown
	// base id, which may be any text, yields nothing. A record need be valid only
	// until the next one is asked for, see [record.Record].
	Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error]
}

// BulkReader is a Reader whose Records reads the whole store for one trace, so that
// many of them are better read in one pass.
type BulkReader interface {
	// AllRecords yields the records of all traces in the store's order, those of
	// different traces mixed. Errors are as those of Records.
	AllRecords(ctx context.Context) iter.Seq2[record.Record, error]
}

// Lister is a Driver that can list the traces of its store.
type Lister interface {
	// Traces yields the traces that q selects, newest first; of those that began
	// at the same time, the greatest id comes first. An error is the last thing
	// yielded. A query with q.After has no limit, since the Store keeps the last
	// traces yielded. [Query.Span] combines what q says about times and places.
	Traces(ctx context.Context, q Query) iter.Seq2[Trace, error]
}

// Deleter is a Driver that can remove a trace.
type Deleter interface {
	// Delete removes every record of one trace. Removing an unknown trace is
	// not an error.
	Delete(ctx context.Context, baseID string) error
}

// Pruner is a Driver that can remove old traces.
type Pruner interface {
	// Prune removes the traces whose last record is older than olderThan. It
	// returns how many it has removed, even if it fails.
	Prune(ctx context.Context, olderThan time.Time) (int, error)
}

// Pinger is a Driver that can check whether its store answers.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Limited is a Driver that explains what its store cannot do.
type Limited interface {
	// Lacks returns the text of the error for an operation: why the driver cannot
	// do it and what to do instead, such as "Jaeger keeps traces until …". It is ""
	// for what the driver can do, or has nothing to say about. If there is a text,
	// the Store never calls the method for the operation, even if there is one.
	Lacks(Op) string
}

// Promising is a Driver that states its guarantees.
type Promising interface {
	Terms() Terms
}

// Terms are the guarantees of a driver for its store as described by its URL. The
// texts are one line each and contain no secret.
type Terms struct {
	// Acknowledged says what is certain about records once Notify has returned nil,
	// such as "committed, in the disk's cache". Repeated says what becomes of a
	// record that is written again, such as "stored once".
	Acknowledged, Repeated string

	// Forgets is a sentence that says when the store loses what it has
	// acknowledged even though its disks are intact, and what to do about it; ""
	// for a store that survives its server's death.
	Forgets string

	// Filed says that [Query.ErrorsOnly] selects only what services have filed as
	// failed. Otherwise it selects every trace with a record of a failure.
	Filed bool

	// Listed says what a list of the newest traces reads, such as "the records of
	// these" or "every record of the store"; "" for a store that cannot list.
	Listed string

	// OneReader says that reads wait for each other, so that concurrent reads gain
	// nothing.
	OneReader bool
}

// Op is an operation of a store, by its name in errors.
type Op string

// The operations. ListErrors is a list with [Query.ErrorsOnly], which some stores
// that can list traces lack.
const (
	Open       Op = "open"
	Write      Op = "write"    // Notify
	Read       Op = "read"     // Records
	ReadAll    Op = "read all" // AllRecords
	List       Op = "list"     // Traces
	ListErrors Op = "list errors"
	Delete     Op = "delete"
	Prune      Op = "prune"
	Ping       Op = "ping"
	Close      Op = "close"
)

// ErrNoAnswer is wrapped by the error of a call that has waited for its server
// for longer than Options.SocketTimeout of package drivers.
var ErrNoAnswer = errors.New("the store did not answer")

// Query selects traces. The zero Query selects all.
type Query struct {
	Limit      int       // how many at most; 0: no limit
	Since      time.Time // only those that began at or after it
	Service    string    // only those in which this service took part
	ErrorsOnly bool      // only those that the store knows to have failed; see [Terms]

	// Unseen, if not nil, is called during a list with a limit that does not look at
	// all of the store. It says what is left out, such as "about 90000 keys of other
	// programs"; a list without a limit looks there too.
	Unseen func(what string)

	// Before and After are for paging: only those that began before, or after, a
	// trace of an earlier list. With After and a Limit, the traces nearest to that
	// one are selected, still newest first. Traces that began at the same time are
	// ordered by their ids.
	Before, After Cursor
}

// Trace is an entry in a list of traces.
type Trace struct {
	ID        string // OSProfiler's base_id
	Timestamp string // of its earliest record, as stored
	Project   string // of its earliest record, as Service and Name
	Service   string
	Name      string // of the point, without "-start"
	Failed    bool   // known to the store to have failed; see [Terms] for what false means
}
