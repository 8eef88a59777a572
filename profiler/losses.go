package profiler

import (
	"math"
	"slices"

	"github.com/sonde-go/sonde/header"
)

const (
	// maxLosses is how many traces' losses are remembered at once. Those of further
	// traces are reported in every trace of their time.
	maxLosses = 10_000
	// maxForgotten is how many spells of such losses are remembered, and
	// forgottenGap the nanoseconds between two of them.
	maxForgotten = 8
	forgottenGap = 1e9
)

// losses are the records that one sink will not get and whose loss has not been
// reported yet. That is done in the next record of the trace that the sink gets,
// or, if the trace is over, in a point made for the purpose. It is guarded by
// queue.mu.
type losses struct {
	traces    map[header.ID]loss
	ended     []ending
	forgotten []forgotten // the oldest first
}

// loss is how many records were lost, how many of those had a number, and the times of
// the first and the last of them, in Unix nanoseconds. The others leave no gap in the
// numbers of their trace.
type loss struct {
	n, numbered uint64
	from, to    int64
	over        bool // the trace has an entry in losses.ended
}

func (l *loss) add(more loss) {
	if l.n == 0 {
		l.from, l.to = more.from, more.to
	}
	l.n += more.n
	l.numbered += more.numbered
	l.from, l.to = min(l.from, more.from), max(l.to, more.to)
}

// ending is a trace that is over. Records up to number after may report its loss.
type ending struct {
	base  header.ID
	after uint64
}

// forgotten is a spell of losses whose traces are not remembered.
type forgotten struct {
	loss
	told map[header.ID]uint64 // how many of them each trace has told
}

func (l *losses) add(base header.ID, more loss) {
	known, ok := l.traces[base]
	if !ok && len(l.traces) >= maxLosses {
		l.forget(more)
		return
	}
	if l.traces == nil {
		l.traces = map[header.ID]loss{}
	}
	known.add(more)
	l.traces[base] = known
}

func (l *losses) forget(more loss) {
	last := len(l.forgotten) - 1
	if last < 0 || more.from > l.forgotten[last].to+forgottenGap {
		if last+1 == maxForgotten {
			l.forgotten = slices.Delete(l.forgotten, 0, 1)
		}
		l.forgotten = append(l.forgotten, forgotten{told: map[header.ID]uint64{}})
		last = len(l.forgotten) - 1
	}
	l.forgotten[last].add(more)
}

// end notes that a trace is over, and that its last record's number is at most
// after.
func (l *losses) end(base header.ID, after uint64) {
	if known, ok := l.traces[base]; ok && !known.over {
		known.over = true
		l.traces[base] = known
		l.ended = append(l.ended, ending{base, after})
	}
}

// endAll notes that all traces are over.
func (l *losses) endAll() {
	for base := range l.traces {
		l.end(base, 0)
	}
	for i := range l.ended {
		l.ended[i].after = 0
	}
}

// untold is the losses that a record is to report.
type untold struct{ trace, service loss }

// take returns the losses that the first record of c is to report, and forgets
// them. It returns nil if there are none.
func (l *losses) take(c *chunk) *untold {
	if len(l.traces)+len(l.forgotten) == 0 {
		return nil
	}
	var u untold
	if known, ok := l.traces[c.base]; ok {
		u.trace = known
		delete(l.traces, c.base)
	}
	for _, f := range l.forgotten {
		told := f.told[c.base]
		overlaps := c.began <= f.to && c.recs[len(c.recs)-1].time >= f.from
		if !overlaps || told == f.n || told == 0 && len(f.told) >= maxLosses {
			continue
		}
		f.told[c.base] = f.n
		u.service.add(loss{n: f.n - told, from: f.from, to: f.to})
	}
	if u.trace.n+u.service.n == 0 {
		return nil
	}
	return &u
}

// takeEnded returns a trace that is over and whose loss is not yet reported, if no
// record of it can still come: next is the number of the next record.
func (l *losses) takeEnded(next uint64) (header.ID, loss, bool) {
	for len(l.ended) > 0 && l.ended[0].after < next {
		base := l.ended[0].base
		l.ended = l.ended[1:]
		if known, ok := l.traces[base]; ok && known.over {
			delete(l.traces, base)
			return base, known, true
		}
	}
	return header.ID{}, loss{}, false
}

// lostName is the name of the point that reports the loss of a trace that is over.
const lostName = "sonde_lost"

// tellEnded adds a point to b for a trace that is over, so that its report says
// that it lost records. It returns false if there is no such trace, or if the point
// would take room that records need.
func (o *outlet) tellEnded(b *batch) bool {
	if o.settled || !o.budget.easy() && !o.q.closed {
		return false
	}
	next := uint64(math.MaxUint64)
	if o.waiting.events > 0 {
		next = o.waiting.first().seq
	}
	base, lost, ok := o.losses.takeEnded(next)
	if !ok {
		return false
	}
	c := newChunk(base, lost.from)
	c.addLost(lost, &o.source, &o.q.tails)
	c.users.Store(1)
	o.tellers++
	c.part = -o.tellers
	o.budget.add(c.size(), c.room)
	b.parcels = append(b.parcels, parcel{chunk: c, seq: o.seq + 1, untold: &untold{trace: lost}})
	o.seq += uint64(c.live())
	o.count.addAll(c)
	return true
}
