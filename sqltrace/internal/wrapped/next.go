package wrapped

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Next knows what database/sql does next after a driver's answer. It decides
// what is recorded, since one query of a program may be several calls:
//
//   - After [driver.ErrSkip] the statement is prepared and run again, at once, on
//     the same connection: the calls are one point.
//   - After [driver.ErrBadConn] a query is tried on another connection, if this
//     one has worked before and no transaction binds the query to it: the try
//     leaves no point. A new connection that is bad at once is a failure, and so
//     is one that goes bad in a transaction.
//   - Otherwise the answer is the program's.
//
// database/sql's own Conn never tries again, which cannot be seen from here: a
// statement on one that has gone bad is not recorded. Like its connection, a Next
// is used by one goroutine at a time. The zero Next is that of a new connection.
type Next struct {
	used    bool // the connection has worked before, or has been in the pool
	inTx    bool // a transaction is open, as far as can be told
	resets  bool // Pooled is called whenever the connection leaves the pool
	skipped skipped
}

// skipped is a statement that the driver did not run without preparing it.
type skipped struct {
	set    bool
	query  string
	caller header.ID
	point  profiler.Point
}

// Caller returns the point that ctx is in, which distinguishes calls for the same
// query from others with the same text.
func Caller(ctx context.Context) header.ID {
	in, _ := profiler.Current(ctx)
	return in.ParentID
}

// Answered notes what the driver answered. For a statement that it skipped, Skipped
// is called too.
func (n *Next) Answered(err error) { n.used = n.used || err == nil }

// Skipped notes that the driver answered [driver.ErrSkip] to query, which was
// not prepared before. p is its point, which is kept; it is zero outside a
// trace, as caller is, and where the wrapper has no point of its own.
func (n *Next) Skipped(query string, caller header.ID, p profiler.Point) {
	n.skipped = skipped{true, query, caller, p}
}

// Prepares is asked when query is to be prepared. If that is because it was
// skipped just now, again is true and p is its point.
func (n *Next) Prepares(query string, caller header.ID) (p profiler.Point, again bool) {
	s := n.skipped
	if !s.set {
		return profiler.Point{}, false
	}
	if s.query != query || s.caller != caller {
		n.Forget()
		return profiler.Point{}, false
	}
	n.skipped = skipped{}
	return s.point, true
}

// Forget is called before every call except preparing: a statement that was skipped
// and is not prepared next is abandoned, and its point discarded.
func (n *Next) Forget() {
	if n.skipped.set {
		n.skipped.point.Discard()
		n.skipped = skipped{}
	}
}

// Retries reports whether database/sql would try a query again on another
// connection if this one turned out to be bad.
func (n *Next) Retries() bool { return n.used && !n.inTx }

// RetriesAfter reports whether database/sql tries a query again after err.
func (n *Next) RetriesAfter(err error) bool { return n.Retries() && errors.Is(err, driver.ErrBadConn) }

// Begun notes that a transaction has begun. If its end will not be seen, it binds
// the connection until that has been in the pool; if that cannot be seen either,
// the transaction is not noted at all, since it would seem to last for ever.
func (n *Next) Begun(endSeen bool) { n.used, n.inTx = true, endSeen || n.resets }

// Ended notes that the transaction is over.
func (n *Next) Ended() { n.inTx = false }

// Pooled notes that the connection was in the pool, and so is in no transaction.
func (n *Next) Pooled() {
	n.Forget()
	n.used, n.inTx = true, false
}
