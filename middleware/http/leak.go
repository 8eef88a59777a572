package sondehttp

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/sonde-go/sonde/profiler"
)

// alarm finds bodies that are dropped: only its body refers to it, so it becomes
// garbage with that. It is used again for other bodies, since making one costs more
// than the rest of a body.
type alarm struct {
	call *atomic.Pointer[call] // nil: no body has it
}

var alarms = sync.Pool{New: func() any {
	// What the cleanup needs must not refer to what it waits for.
	a := &alarm{&atomic.Pointer[call]{}}
	runtime.AddCleanup(a, leaked, a.call)
	return a
}}

// leaked ends the call whose body was dropped.
func leaked(of *atomic.Pointer[call]) {
	if c := of.Load(); c != nil {
		c.end(profiler.Ending{Outcome: "leaked", Time: c.lastUse()})
	}
}
