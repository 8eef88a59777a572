package profiler

import (
	"math"
	"sync/atomic"
)

// budget is the memory that records take and how many there are, wherever they
// stand: in the chunk of an open trace, in the queue, or on their way to the
// sink. A chunk reserves what it grows by, so that the usual record needs no
// reservation. It is safe for concurrent use and has no lock.
type budget struct {
	maxBytes, maxEvents int64

	// Both counts in one word, so that one atomic addition does: records above,
	// bytes below. All processors write it, so it has a cache line to itself.
	_     [64]byte
	taken atomic.Int64
	_     [64]byte
}

// The parts of budget.taken: 64 GiB and 134 million records.
const (
	byteBits  = 36
	mostBytes = 1<<byteBits - 1
	mostCount = math.MaxInt64 >> byteBits
)

func (b *budget) init(maxBytes, maxEvents int) {
	// Half of what can be counted: many may ask at once for what is refused.
	b.maxBytes, b.maxEvents = min(int64(maxBytes), mostBytes/2), min(int64(maxEvents), mostCount/2)
}

// reserve takes so much if there is room for it.
func (b *budget) reserve(bytes, events int) bool {
	if taken, count := split(b.add(bytes, events)); taken <= b.maxBytes && count <= b.maxEvents {
		return true
	}
	b.add(-bytes, -events)
	return false
}

// add takes so much in any case, or gives it back if it is negative.
func (b *budget) add(bytes, events int) int64 {
	return b.taken.Add(int64(events)<<byteBits + int64(bytes))
}

func split(taken int64) (bytes, events int64) { return taken & mostBytes, taken >> byteBits }
