// Package wrapcheck tells what a wrapper around an [http.Handler] breaks.
//
// A tracing, logging or compressing middleware stands between the server and
// every handler of a program. Wherever it is not as transparent as it believes,
// something far away stops to work: a WebSocket, a file sent with sendfile, a
// temporary file that nobody removes. Each [Check] is one thing that works
// without the wrapper and has to work with it, over real HTTP/1.1 and HTTP/2
// connections where that matters.
//
// In a test, each check is a subtest:
//
//	func TestConformance(t *testing.T) {
//		wrapcheck.Test(t, wrapcheck.Subject{Wrap: mymiddleware.New})
//	}
//
// Elsewhere, [Subject.Run] gives the results and [WriteTable] a table of
// several wrappers side by side.
//
// Whatever a wrapper does for a request has to be done in a request of these
// checks: [Subject.Prepare] can sign or mark each of them.
package wrapcheck

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"text/tabwriter"
)

// Subject is a wrapper under test.
type Subject struct {
	Name string
	// Wrap puts the wrapper around a handler. It is called once or more for
	// each check.
	Wrap func(http.Handler) http.Handler
	// Prepare, if not nil, changes each request before it is sent, so that the
	// wrapper does its work.
	Prepare func(*http.Request)
}

// Check is one property of a handler that a wrapper must keep.
type Check struct {
	// Name has the group before a slash: "h1" and "h2" are done over
	// connections, "writer" with a ResponseWriter of the check's own.
	Name string
	// Doc is what has to work.
	Doc string

	run func(*trial)
}

// liveCheck is a check over connections.
type liveCheck struct {
	name string
	only string // "h1" or "h2"; "": both
	doc  string
	run  func(*trial)
}

// Result is what became of a check.
type Result struct {
	Check Check
	Errs  []error // nothing: passed
}

// Checks returns all checks.
func Checks() []Check {
	var all []Check
	all = append(all, writerChecks...)
	for _, proto := range []string{"h1", "h2"} {
		for _, c := range append(responseChecks, requestChecks...) {
			if c.only != "" && c.only != proto {
				continue
			}
			all = append(all, Check{proto + "/" + c.name, c.doc, func(t *trial) {
				t.http2 = proto == "h2"
				c.run(t)
			}})
		}
	}
	return all
}

// Run does the check with a subject. A wrapper that panics fails it.
func (c Check) Run(s Subject) Result {
	t := &trial{subject: s}
	func() {
		defer t.close()
		defer func() {
			if v := recover(); v != nil {
				t.errorf("panic: %v", v)
			}
		}()
		c.run(t)
	}()
	t.mu.Lock()
	defer t.mu.Unlock()
	return Result{c, t.errs}
}

// Run does all checks with s, one after the other.
func (s Subject) Run() []Result {
	var results []Result
	for _, c := range Checks() {
		results = append(results, c.Run(s))
	}
	return results
}

// Test does all checks with s, each as a subtest.
func Test(t *testing.T, s Subject) {
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			for _, err := range c.Run(s).Errs {
				t.Errorf("%s: %v", c.Doc, err)
			}
		})
	}
}

// WriteTable does all checks with every subject and writes a table of them,
// followed by what went wrong.
func WriteTable(w io.Writer, subjects ...Subject) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var why strings.Builder
	_, _ = fmt.Fprint(tw, "check")
	for _, s := range subjects {
		_, _ = fmt.Fprint(tw, "\t", s.Name)
	}
	passed := make([]int, len(subjects))
	for _, c := range Checks() {
		_, _ = fmt.Fprint(tw, "\n", c.Name)
		for i, s := range subjects {
			errs := c.Run(s).Errs
			if len(errs) == 0 {
				passed[i]++
				_, _ = fmt.Fprint(tw, "\tok")
				continue
			}
			_, _ = fmt.Fprint(tw, "\tFAIL")
			_, _ = fmt.Fprintf(&why, "%s, %s: %v\n", s.Name, c.Name, errs[0])
		}
	}
	_, _ = fmt.Fprint(tw, "\npassed")
	for _, n := range passed {
		_, _ = fmt.Fprintf(tw, "\t%d of %d", n, len(Checks()))
	}
	_, _ = fmt.Fprintln(tw)
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, why.String())
	return err
}
