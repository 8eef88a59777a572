package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Dialect is what one engine does in its own way.
type Dialect struct {
	// Committed and Forgets are [driver.Terms.Acknowledged] and
	// [driver.Terms.Forgets].
	Committed, Forgets string

	// Begin begins a transaction that writes.
	Begin string

	// Schema makes the table and its indexes on conn unless another has just
	// made them.
	Schema func(ctx context.Context, conn *sql.Conn) error

	// Insert adds rows in their order on conn, within a transaction.
	Insert func(ctx context.Context, conn *sql.Conn, rows []Row) error

	// Numbered parameters are $1, $2, … instead of ?.
	Numbered bool

	// Same is a condition that two texts are the same byte for byte, and can
	// be answered from an index on a. It may name b more than once.
	Same func(a, b string) string

	// ByBase is what rows of table d are grouped by so that base ids that
	// differ in a byte are groups of their own.
	ByBase string

	// OfTraces is a FROM and WHERE for the rows of table d whose base ids are
	// among so many parameters. It asks the index of base ids, whatever the
	// server thinks of how many rows they have. nil: IN does that.
	OfTraces func(marks string) string

	// DataText is an expression for column data of table d as text.
	DataText string

	// PageRows is how many records of a trace are read at a time; 0: all in
	// one stream, which holds a connection.
	PageRows int

	// Busy reports whether err is that another process writes, so that trying
	// again is the way to wait. nil: the server waits.
	Busy func(err error) bool

	// Undone reports whether err, with which a COMMIT failed, means that it
	// certainly was not done. nil: no error does.
	Undone func(err error) bool

	// Confirm says after a COMMIT whether what was stored can be found. nil:
	// it can.
	Confirm func() error

	// Rejected reports whether err is about a value that the table will never
	// take.
	Rejected func(err error) bool

	// NotFound reports whether err means that there is nothing to find: no table,
	// or no row could hold the text that is asked for.
	NotFound func(err error) bool
}

// query rewrites ? to the engine's parameters.
func (d *Dialect) query(q string) string {
	if !d.Numbered {
		return q
	}
	var b strings.Builder
	for i, part := range strings.Split(q, "?") {
		if i > 0 {
			fmt.Fprintf(&b, "$%d", i)
		}
		b.WriteString(part)
	}
	return b.String()
}

// sameAs is the condition that a is value, with its parameters.
func (d *Dialect) sameAs(a, value string) (condition string, args []any) {
	condition = d.Same(a, "?")
	for range strings.Count(condition, "?") {
		args = append(args, value)
	}
	return condition, args
}

// ofTraces is a FROM and WHERE for the rows of n traces.
func (d *Dialect) ofTraces(n int) string {
	if d.OfTraces != nil {
		return d.OfTraces(Marks(n))
	}
	return " FROM data d WHERE d.base_id IN (" + Marks(n) + ")"
}

// Marks is "?, ?, …" n times.
func Marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
