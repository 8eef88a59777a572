package profiler

import (
	"sync"
	"sync/atomic"

	"github.com/sonde-go/sonde/header"
)

// maxLosses is how many traces' losses are remembered at once. Beyond that
// they are still counted in Stats.
const maxLosses = 10_000

// losses remembers, for each trace, how many records were dropped and not yet
// told in a later record of the trace.
type losses struct {
	some atomic.Bool // anything remembered; keeps the usual path free of the lock
	mu   sync.Mutex
	lost map[header.ID]uint64
}

func (l *losses) add(base header.ID, n uint64) {
	if n == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.lost[base]; l.lost == nil || !known && len(l.lost) >= maxLosses {
		l.lost = map[header.ID]uint64{} // the old ones belong to traces long ended
	}
	l.lost[base] += n
	l.some.Store(true)
}

// take returns what is to be told of a trace and forgets it.
func (l *losses) take(base header.ID) uint64 {
	if !l.some.Load() {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.lost[base]
	delete(l.lost, base)
	l.some.Store(len(l.lost) > 0)
	return n
}
