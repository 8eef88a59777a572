package sqltrace

import (
	"runtime"
	"sync/atomic"

	"github.com/sonde-go/sonde/profiler"
)

// alarm finds rows that were never closed: only they refer to their reading, so it
// becomes garbage with them. It stays with the reading, since making one costs more
// than a query. The zero alarm is off.
type alarm struct{ point *atomic.Value }

// set ends the point of k if k becomes garbage.
func (a *alarm) set(k *reading) {
	if a.point == nil {
		// What the cleanup needs must not refer to what it waits for.
		a.point = &atomic.Value{}
		runtime.AddCleanup(k, leaked, a.point)
	}
	a.point.Store(k.point)
}

// stop is called when the rows are closed.
func (a *alarm) stop() {
	if a.point != nil {
		a.point.Store(profiler.Point{})
	}
}

// leaked ends the point of rows that were never closed. It is the zero Point
// if there were none.
func leaked(point *atomic.Value) {
	if p, ok := point.Load().(profiler.Point); ok {
		p.End(profiler.Ending{Outcome: "leaked"})
	}
}
