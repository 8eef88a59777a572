package drivers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sonde-go/sonde/drivers/driver"
)

// ErrNoAnswer is wrapped by the errors of methods that have waited for the server
// for longer than [Options.SocketTimeout].
var ErrNoAnswer = driver.ErrNoAnswer

// ErrClosed is wrapped by the errors of a Store's methods after Close.
var ErrClosed = errors.New("the store is closed")

// Error is the type of every error of a [Store]'s methods, and of [Open] if a
// driver refuses a URL. To find out what happened, use [errors.Is] and
// [errors.As]:
//
//   - [record.ErrNotSent] and [*record.RejectedError] (see [record.Sink])
//   - [ErrClosed], [ErrNoAnswer], and the context's error
//   - [errors.ErrUnsupported] for what the store cannot do; the text says what
//     to do instead, if there is anything
type Error struct {
	Op  Op
	URL string // of the store, as [Redact] shows it
	Err error
}

// Scheme returns the scheme of the URL.
func (e *Error) Scheme() string {
	scheme, _, _ := strings.Cut(e.URL, "://")
	return scheme
}

// Error returns one line: the operation, the store and what went wrong.
func (e *Error) Error() string {
	var lines []string
	for line := range strings.Lines(e.Err.Error()) {
		if words := strings.Fields(line); len(words) > 0 {
			lines = append(lines, strings.Join(words, " "))
		}
	}
	return string(e.Op) + " " + e.URL + ": " + oneLine(strings.Join(lines, "; "))
}

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// lacks has the texts for operations that a driver lacks without saying why.
var lacks = map[Op]string{
	Read:       "this store can only be written to",
	List:       "this store cannot list its traces",
	ListErrors: "this store does not know which traces have failed",
	Delete:     "this store cannot be told to delete a trace",
	Prune:      "this store cannot be told to remove old traces; see its own means of retention",
	Ping:       "this store cannot be asked whether it is up",
}

// lacking is the error of an operation that a driver lacks.
func lacking(op Op, why string) error {
	if why == "" {
		why = lacks[op]
	}
	return fmt.Errorf("%s (%w)", why, errors.ErrUnsupported)
}
