package profiler

import "sync/atomic"

// budget is the memory that records take and how many there are, wherever they
// stand: in the chunk of an open trace, in the queue, or on their way to the
// sink. A chunk reserves what it grows by, so that the usual record needs no
// reservation. It is safe for concurrent use and has no lock.
type budget struct {
	maxBytes, maxEvents int64
	bytes, events       atomic.Int64
}

// reserve takes so much if there is room for it.
func (b *budget) reserve(bytes, events int) bool {
	b.take(bytes, events)
	if b.bytes.Load() <= b.maxBytes && b.events.Load() <= b.maxEvents {
		return true
	}
	b.take(-bytes, -events)
	return false
}

// take takes so much, or gives it back if it is negative.
func (b *budget) take(bytes, events int) {
	if bytes != 0 {
		b.bytes.Add(int64(bytes))
	}
	if events != 0 {
		b.events.Add(int64(events))
	}
}
