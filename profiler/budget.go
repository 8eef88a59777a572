package profiler

import (
	"math"
	"sync/atomic"
)

// budget limits the number and the memory of records, wherever they are: in the
// chunk of an open trace, in the queue, or on their way to one sink. A chunk
// reserves room when it grows, so that most records need no reservation. It is safe
// for concurrent use and has no lock.
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
	// Half of what can be counted, since many callers may be asking at once for
	// room that is then refused.
	b.maxBytes, b.maxEvents = min(int64(maxBytes), mostBytes/2), min(int64(maxEvents), mostCount/2)
}

// add takes the amount unconditionally, or gives it back if it is negative.
func (b *budget) add(bytes, events int) int64 {
	return b.taken.Add(int64(events)<<byteBits + int64(bytes))
}

func split(taken int64) (bytes, events int64) { return taken & mostBytes, taken >> byteBits }

// over reports whether more is taken than there is room for.
func (b *budget) over() bool {
	taken, count := split(b.taken.Load())
	return taken > b.maxBytes || count > b.maxEvents
}

// easy reports whether half of it is free.
func (b *budget) easy() bool {
	taken, count := split(b.taken.Load())
	return taken <= b.maxBytes/2 && count <= b.maxEvents/2
}

// budgets are the budgets of all sinks. What gathers counts in each of them until a
// chunk is handed over: then each sink has either taken it or dropped it.
type budgets []*budget

// reserve takes the amount from all budgets if at least one has room for it.
func (bs budgets) reserve(bytes, events int) bool {
	room := false
	for _, b := range bs {
		taken, count := split(b.add(bytes, events))
		room = room || taken <= b.maxBytes && count <= b.maxEvents
	}
	if !room {
		bs.add(-bytes, -events)
	}
	return room
}

// add takes the amount from all budgets unconditionally, or gives it back if it is
// negative.
func (bs budgets) add(bytes, events int) {
	for _, b := range bs {
		b.add(bytes, events)
	}
}
