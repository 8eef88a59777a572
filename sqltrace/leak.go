package sqltrace

import (
	"runtime"
	"sync/atomic"

	"github.com/sonde-go/sonde/profiler"
)

// lookout finds rows that were never closed: only the rows refer to it while they
// are open, so it becomes garbage with them. A connection keeps it for its next
// rows, since making one costs more than a query.
type lookout struct{ point *atomic.Value }

func newLookout() *lookout {
	// What the cleanup needs must not refer to what it waits for.
	l := &lookout{&atomic.Value{}}
	runtime.AddCleanup(l, leaked, l.point)
	return l
}

// watch makes l end p if l becomes garbage.
func (l *lookout) watch(p profiler.Point) { l.point.Store(p) }

// leaked ends the point of rows that were never closed. It is the zero Point
// if there were none.
func leaked(point *atomic.Value) {
	if p, ok := point.Load().(profiler.Point); ok {
		p.End(profiler.Ending{Outcome: "leaked"})
	}
}

// lookout takes the one that the connection keeps, or makes a new one.
func (c *conn) lookout(p profiler.Point) *lookout {
	l := c.spare
	if l == nil {
		l = newLookout()
	}
	c.spare = nil
	l.watch(p)
	return l
}

// released gives l back after its rows were closed.
func (c *conn) released(l *lookout) {
	if l != nil {
		l.watch(profiler.Point{})
		c.spare = l
	}
}
