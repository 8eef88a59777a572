// Package fakedb is a database/sql driver for tests of wrappers. The test chooses
// the optional interfaces of its connections, statements and rows; the text of a
// statement says what it does:
//
//	ROWS 3        three rows (1, "row 1"), …; any other text too: none
//	ROWS 2 1      two result sets, of two rows and one
//	ERRROW 3      like ROWS 3, but reading the third fails with ErrFail
//	WAITROW 3     … reading the third waits for the context
//	WAIT          waits for the context
//	FAIL          fails with ErrFail; FAILPREPARE in Prepare already
//	PANIC         panics with PanicValue
//	… SKIP …      runs prepared only: without it driver.ErrSkip
package fakedb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// ErrFail is the error of statements that fail.
var ErrFail = errors.New("fakedb: as you asked")

// PanicValue is what statements panic with.
const PanicValue = "fakedb: panic"

// Server is the database: a [driver.Connector] that notes the calls.
type Server struct {
	// Conn, Stmt and Rows add optional interfaces; nil adds none.
	Conn func(*Conn) driver.Conn
	Stmt func(*Stmt) driver.Stmt
	Rows func(*Rows) driver.Rows

	// Valid is what connections answer to IsValid; nil: true.
	Valid func(*Conn) bool
	// OnContext is called with the context of every call.
	OnContext func(call string, ctx context.Context)
	// Quiet servers note nothing.
	Quiet bool

	mu     sync.Mutex
	calls  []string
	conns  int
	breaks int // connections to come that are broken
	open   map[*Conn]bool
	rows   int // open ones
	stmts  int // open ones
}

// Connect implements [driver.Connector].
func (s *Server) Connect(ctx context.Context) (driver.Conn, error) {
	s.context("Connect", ctx)
	s.mu.Lock()
	s.conns++
	c := &Conn{Server: s, ID: s.conns, broken: s.breaks > 0}
	s.breaks = max(0, s.breaks-1)
	if s.open == nil {
		s.open = map[*Conn]bool{}
	}
	s.open[c] = true
	s.mu.Unlock()
	c.note("Connect", "")
	if s.Conn != nil {
		return s.Conn(c), nil
	}
	return c, nil
}

// Driver implements [driver.Connector].
func (s *Server) Driver() driver.Driver { return Driver{s} }

// Driver is the driver of a Server.
type Driver struct{ Server *Server }

// Open implements [driver.Driver].
func (d Driver) Open(string) (driver.Conn, error) { return d.Server.Connect(context.Background()) }

// Break makes all open connections, and the next n, answer driver.ErrBadConn.
func (s *Server) Break(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		c.broken = true
	}
	s.breaks = n
}

// Note adds a line to the log of calls.
func (s *Server) Note(line string) {
	if s.Quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, line)
}

// Calls returns the calls so far, "1 Exec FAIL", that contain one of the
// words, or all if none is given. The number is that of the connection.
func (s *Server) Calls(words ...string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for _, c := range s.calls {
		if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(c, w) }) {
			found = append(found, c)
		}
	}
	return found
}

// Open returns how many connections, statements and rows are open.
func (s *Server) Open() (conns, stmts, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open), s.stmts, s.rows
}

func (s *Server) context(call string, ctx context.Context) {
	if s.OnContext != nil {
		s.OnContext(call, ctx)
	}
}

func (s *Server) count(stmts, rows int) {
	if s.Quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stmts += stmts
	s.rows += rows
}

func (c *Conn) note(call, text string, args ...driver.NamedValue) {
	if c.Quiet {
		return
	}
	line := fmt.Sprintf("%d %s", c.ID, call)
	if text != "" {
		line += " " + text
	}
	for _, a := range args {
		if a.Name != "" {
			line += fmt.Sprintf(" %s=%v", a.Name, a.Value)
		} else {
			line += fmt.Sprintf(" %v", a.Value)
		}
	}
	c.Note(line)
}

// bad is driver.ErrBadConn if the connection is broken.
func (c *Conn) bad() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		return driver.ErrBadConn
	}
	return nil
}
