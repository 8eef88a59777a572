package sqlcheck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

// env is what a check works with.
type env struct {
	subject Subject
	ctx     context.Context

	mu       sync.Mutex
	errs     []error
	caveat   string
	cleanups []func()
}

// fatal is the panic value of a check that cannot go on.
type fatal struct{}

// Run runs the check with s. A wrapper that panics or hangs fails it.
func (c Check) Run(s Subject) Result {
	parent := context.Background()
	if s.Context != nil {
		parent = s.Context()
	}
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	e := &env{subject: s, ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.run(c)
	}()
	select {
	case <-done:
	case <-time.After(timeout):
		cancel()
		return Result{Check: c.Name, Err: fmt.Errorf("not done after %v", timeout)}
	}
	return Result{c.Name, errors.Join(e.errs...), e.caveat}
}

func (e *env) run(c Check) {
	defer func() {
		for _, f := range slices.Backward(e.cleanups) {
			f()
		}
	}()
	defer func() {
		if v := recover(); v != nil && v != (fatal{}) {
			e.errorf("panic: %v", v)
		}
	}()
	c.run(e)
}

func (e *env) errorf(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.errs = append(e.errs, fmt.Errorf(format, args...))
}

// must ends the check if err is not nil.
func (e *env) must(err error) {
	if err != nil {
		e.errorf("%w", err)
		panic(fatal{})
	}
}

// is checks that err is the driver's error itself.
func (e *env) is(what string, err, want error) {
	if err != want {
		e.errorf("%s: error %v, want %v itself", what, err, want)
	}
}

// calls checks the server's calls so far, of those that contain one of words.
func (e *env) calls(s *fakedb.Server, want []string, words ...string) {
	if got := s.Calls(words...); !slices.Equal(got, want) {
		e.errorf("the driver was called %q, want %q", got, want)
	}
}

// modern is a server whose driver has everything that modern drivers have.
func modern() *fakedb.Server {
	return &fakedb.Server{Conn: fakedb.FullConn, Stmt: fakedb.FullStmt, Rows: fakedb.FullRows}
}

// old is a server whose driver has no optional interface.
func old() *fakedb.Server { return &fakedb.Server{} }

// open opens a wrapped database.
func (e *env) open(c driver.Connector) *sql.DB {
	db := sql.OpenDB(e.subject.Wrap(c))
	e.cleanups = append(e.cleanups, func() { db.Close() })
	return db
}

// single opens a wrapped database of one connection.
func (e *env) single(c driver.Connector) *sql.DB {
	db := e.open(c)
	db.SetMaxOpenConns(1)
	return db
}

// read reads all result sets and returns how many rows each had.
func (e *env) read(rows *sql.Rows, err error) (sets []int) {
	if err != nil {
		e.errorf("query: %w", err)
		return nil
	}
	defer rows.Close()
	for more := true; more; more = rows.NextResultSet() {
		n := 0
		for rows.Next() {
			n++
			var i int64
			var s string
			if err := rows.Scan(&i, &s); err != nil {
				e.errorf("scan: %w", err)
			}
			if i != int64(n) || s != fmt.Sprintf("row %d", n) {
				e.errorf("row %d holds %d and %q", n, i, s)
			}
		}
		sets = append(sets, n)
	}
	if err := rows.Err(); err != nil {
		e.errorf("rows: %w", err)
	}
	return sets
}

// rows checks a query's numbers of rows.
func (e *env) rows(want ...int) func(*sql.Rows, error) {
	return func(rows *sql.Rows, err error) {
		if got := e.read(rows, err); !slices.Equal(got, want) {
			e.errorf("%d rows, want %d", got, want)
		}
	}
}

// settles waits until ok, since database/sql does some things in the background.
func (e *env) settles(what string, ok func() bool) {
	for deadline := time.Now().Add(timeout / 2); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			e.errorf("%s", what)
			return
		}
	}
}
