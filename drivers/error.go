package drivers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sonde-go/sonde/drivers/driver"
)

// ErrNoAnswer is wrapped by the errors of methods that have waited for their
// server longer than [Options.SocketTimeout].
var ErrNoAnswer = driver.ErrNoAnswer

// ErrClosed is wrapped by the errors of a Store's methods after Close.
var ErrClosed = errors.New("the store is closed")

// Error is the error of every method of a [Store], and of [Open] where a driver
// refuses a URL. What happened is told by [errors.Is] and [errors.As], which
// look through it:
//
//   - [record.ErrNotSent] and [*record.RejectedError] (see [record.Sink])
//   - [ErrClosed], [ErrNoAnswer], and the context's error
//   - [errors.ErrUnsupported] for what the store cannot do; the text says what
//     to do instead, where there is something
type Error struct {
	Op  Op
	URL string // of the store, as [Redact] shows it
	Err error
}

// Scheme is that of the URL, which names the driver.
func (e *Error) Scheme() string {
	scheme, _, _ := strings.Cut(e.URL, "://")
	return scheme
}

// Error is one line: the operation, the store and what went wrong.
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

// lacks is what is said of an operation of which the driver says nothing.
var lacks = map[Op]string{
	Read:       "this store can only be written to",
	List:       "this store cannot list its traces",
	ListErrors: "this store does not know which traces have failed",
	Delete:     "this store cannot be told to delete a trace",
	Prune:      "this store cannot be told to forget; see what it has for retention",
	Ping:       "this store cannot be asked whether it is there",
}

// lacking is the error of an operation that a driver lacks.
func lacking(op Op, why string) error {
	if why == "" {
		why = lacks[op]
	}
	return fmt.Errorf("%s (%w)", why, errors.ErrUnsupported)
}
