// Package wrapcheck finds out what a wrapper around an [http.Handler] or an
// [http.RoundTripper] breaks.
//
// A tracing, logging or compressing middleware stands between the server and
// every handler of a program, and a wrapper of a client's transport between the
// program and the services it calls. If it is not quite transparent, something far
// away stops working: a WebSocket, a file sent with sendfile, a temporary file that
// nobody removes, a proxy. Each [Check] is one thing that works without the wrapper
// and has to work with it, over real HTTP/1.1 and HTTP/2 connections where that
// matters.
//
// In a test, each check is a subtest:
//
//	func TestConformance(t *testing.T) {
//		wrapcheck.Run(t, wrapcheck.Subject{Wrap: mymiddleware.New, WrapTransport: mymiddleware.Transport})
//	}
//
// Outside tests, [Subject.Run] returns the results, and [WriteTable] writes a
// table of several wrappers side by side.
//
// A wrapper that acts only on some requests has to act on those of these checks:
// [Subject.Prepare] can sign or mark each of them.
package wrapcheck

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// Subject is a wrapper under test.
type Subject struct {
	Name string
	// Wrap puts the wrapper around a handler. It is called once or more for
	// each check of [HandlerChecks]. Nil: the wrapper is not for handlers.
	Wrap func(http.Handler) http.Handler
	// WrapTransport puts the wrapper around a client's transport. It is called
	// once or more for each check of [TransportChecks]. Nil: the wrapper is not
	// for transports.
	WrapTransport func(http.RoundTripper) http.RoundTripper
	// Prepare, if not nil, changes each request before it is sent, so that the
	// wrapper does its work. It may give the request a context that is derived
	// from the request's own: *r = *r.WithContext(ctx).
	Prepare func(*http.Request)
}

// checks are the checks that apply to s.
func (s Subject) checks() []Check {
	var l []Check
	if s.Wrap != nil {
		l = append(l, HandlerChecks()...)
	}
	if s.WrapTransport != nil {
		l = append(l, TransportChecks()...)
	}
	return l
}

// Check is one property of a handler or a transport that a wrapper must keep.
type Check struct {
	// Name begins with the group and a slash: "h1" and "h2" run over connections,
	// "writer" with a ResponseWriter of the check's own. Those for transports
	// begin with "client": "client/h1" and "client/h2" run over connections,
	// "client/base" and "client/body" with a transport and a response body of the
	// check's own.
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

// Result is the outcome of a check.
type Result struct {
	Check Check
	Errs  []error // nothing: passed
}

// HandlerChecks returns all checks for wrappers of handlers.
func HandlerChecks() []Check {
	return append(slices.Clone(writerChecks), overBoth("", slices.Concat(responseChecks, requestChecks))...)
}

// TransportChecks returns all checks for wrappers of transports.
func TransportChecks() []Check {
	all := slices.Concat(bodyChecks, baseChecks, overBoth("client/", callChecks))
	for i, c := range all {
		all[i].run = func(t *trial) {
			t.calls = true
			c.run(t)
		}
	}
	return all
}

// overBoth are the checks over HTTP/1.1 and HTTP/2.
func overBoth(group string, live []liveCheck) []Check {
	var all []Check
	for _, proto := range []string{"h1", "h2"} {
		for _, c := range live {
			if c.only != "" && c.only != proto {
				continue
			}
			all = append(all, Check{group + proto + "/" + c.name, c.doc, func(t *trial) {
				t.http2 = proto == "h2"
				c.run(t)
			}})
		}
	}
	return all
}

// Run runs the check with a subject. A wrapper that panics fails it.
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

// Run runs all checks that apply to s, one after the other.
func (s Subject) Run() []Result {
	var results []Result
	for _, c := range s.checks() {
		results = append(results, c.Run(s))
	}
	return results
}

// Run runs all checks that apply to s, each as a subtest of t.
func Run(t *testing.T, s Subject) {
	for _, c := range s.checks() {
		t.Run(c.Name, func(t *testing.T) {
			for _, err := range c.Run(s).Errs {
				t.Errorf("%s: %v", c.Doc, err)
			}
		})
	}
}

// WriteTable runs all checks with every subject that they apply to and writes a
// table of the results, followed by what went wrong. It returns the first error
// of w.
func WriteTable(w io.Writer, subjects ...Subject) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var why strings.Builder
	_, _ = fmt.Fprint(tw, "check")
	concerned := make([]map[string]bool, len(subjects))
	for i, s := range subjects {
		_, _ = fmt.Fprint(tw, "\t", s.Name)
		concerned[i] = map[string]bool{}
		for _, c := range s.checks() {
			concerned[i][c.Name] = true
		}
	}
	passed := make([]int, len(subjects))
	for _, c := range append(HandlerChecks(), TransportChecks()...) {
		anyone := func(names map[string]bool) bool { return names[c.Name] }
		if !slices.ContainsFunc(concerned, anyone) {
			continue
		}
		_, _ = fmt.Fprint(tw, "\n", c.Name)
		for i, s := range subjects {
			if !concerned[i][c.Name] {
				_, _ = fmt.Fprint(tw, "\t-")
				continue
			}
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
	for i, n := range passed {
		_, _ = fmt.Fprintf(tw, "\t%d of %d", n, len(concerned[i]))
	}
	_, _ = fmt.Fprintln(tw)
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, why.String())
	return err
}
