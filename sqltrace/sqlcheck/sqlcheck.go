// Package sqlcheck checks whether a wrapper of database/sql drivers behaves like
// the driver that it wraps. Any wrapper can be checked, in a test:
//
//	sqlcheck.Run(t, sqlcheck.Subject{Name: "mine", Wrap: mine.Wrap})
//
// or, several side by side, in a table that a program prints ([WriteTable]). Use
// [WrapDriver] for a function that wraps drivers rather than connectors.
//
// The checks run against a driver made for them, to which they add and from which
// they remove optional interfaces. Those named methods/… compare method sets: a
// wrapper must have the optional interfaces of the driver and no others. Only the
// forms of a call that take a context are allowed although the driver has just the
// plain ones, since database/sql falls back to those itself. All other checks look
// at what is visible through database/sql.
package sqlcheck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// Subject is a wrapper to be checked.
type Subject struct {
	Name string
	// Wrap is the wrapper.
	Wrap func(driver.Connector) driver.Connector
	// Context returns the context of calls, for wrappers that act only in some
	// contexts. Nil: context.Background.
	Context func() context.Context
}

// Bare is the subject without a wrapper. It passes every check.
func Bare() Subject {
	return Subject{Name: "bare", Wrap: func(c driver.Connector) driver.Connector { return c }}
}

// Result is the outcome of one check.
type Result struct {
	Check string
	Err   error // nil: not failed
	// Caveat, if not empty, is what a program has to do because of the wrapper,
	// where no wrapper can do better. The check has then neither failed nor
	// passed.
	Caveat string
}

// timeout is that of one check; a wrapper that loses a call may hang.
var timeout = 10 * time.Second

// Check is a test of one property.
type Check struct {
	Name string
	run  func(*env)
}

// Checks returns all checks.
func Checks() []Check {
	var l []Check
	l = append(l, methodChecks()...)
	l = append(l, connectorChecks...)
	l = append(l, statementChecks...)
	l = append(l, argumentChecks...)
	l = append(l, rowsChecks...)
	l = append(l, sessionChecks...)
	l = append(l, txChecks...)
	return append(l, contextChecks...)
}

// Run checks s, each property in a subtest of its own. A subtest with a caveat is
// skipped.
func Run(t *testing.T, s Subject) {
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			r := c.Run(s)
			switch {
			case r.Err != nil:
				t.Error(r.Err)
			case r.Caveat != "":
				t.Skip(r.Caveat)
			}
		})
	}
}

// Run runs all checks with s, without a test.
func (s Subject) Run() []Result {
	var results []Result
	for _, c := range Checks() {
		results = append(results, c.Run(s))
	}
	return results
}

// WriteTable checks the subjects and writes a Markdown table of what passed, what
// failed and what has a caveat, followed by the caveats and the first line of each
// failure. It returns the first error of w.
func WriteTable(w io.Writer, subjects ...Subject) error {
	var b, notes strings.Builder
	b.WriteString("| check |")
	rule := "|---|"
	for _, s := range subjects {
		fmt.Fprintf(&b, " %s |", s.Name)
		rule += "---|"
	}
	b.WriteString("\n" + rule + "\n")
	passed := make([]int, len(subjects))
	for _, c := range Checks() {
		fmt.Fprintf(&b, "| %s |", c.Name)
		for i, s := range subjects {
			r := c.Run(s)
			why := r.Caveat
			switch {
			case r.Err != nil:
				b.WriteString(" **fails** |")
				why, _, _ = strings.Cut(r.Err.Error(), "\n")
			case r.Caveat != "":
				b.WriteString(" caveat |")
			default:
				passed[i]++
				b.WriteString(" ok |")
				continue
			}
			fmt.Fprintf(&notes, "- %s, %s: %s\n", s.Name, c.Name, why)
		}
		b.WriteByte('\n')
	}
	b.WriteString("| passed |")
	for _, n := range passed {
		fmt.Fprintf(&b, " %d of %d |", n, len(Checks()))
	}
	b.WriteString("\n\n" + notes.String())
	_, err := io.WriteString(w, b.String())
	return err
}
