package profiler

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

const (
	chunkRecords = 32       // records after which a chunk is handed over
	chunkBytes   = 64 << 10 // bytes after which it is

	firstRecords = 8 // room in a new chunk
	firstBytes   = 2 << 10
	usualRecords = 2 * chunkRecords // room in a chunk that is used again
	usualBytes   = 16 << 10
	usualRecord  = 1 << 9

	entrySize = int(unsafe.Sizeof(entry{}))
)

// chunk holds records of one trace, whose text is in buf. It belongs to the trace
// until it is handed over. From then on nothing in it changes, and it belongs to
// the outlets that have accepted it.
type chunk struct {
	base  header.ID
	began int64 // when the trace did, Unix time in nanoseconds
	recs  []entry
	buf   []byte
	room  int    // records reserved in the budgets
	dead  int    // records that were retracted
	last  bool   // no point was open when it was handed over
	part  uint64 // of the service: with its outlet's number, the producer
	// before is how many records of the trace the producer has numbered before those
	// of the chunk.
	before uint64
	users  atomic.Int32 // outlets that still need it

	direct encoder // writes into buf

	held []held // records that are withheld, or were
	// The withheld records that the chunk began with, see keepHeld.
	keptRecords, keptBytes int
}

// entry is a record in a chunk. It holds no pointers, so the garbage collector does
// not look at it.
type entry struct {
	time     int64
	from, to uint32 // in buf
	layout   record.Layout
	held     bool
	dead     bool
	sonde    bool // info has the member "sonde", the last but the host
}

// held is the start record of a point that is withheld.
type held struct {
	point *node
	entry int
}

// chunks are reused; the garbage collector takes those left over from a burst.
var chunks = sync.Pool{New: func() any {
	return &chunk{recs: make([]entry, 0, firstRecords), buf: make([]byte, 0, firstBytes)}
}}

// newChunk returns an empty chunk that is not yet reserved in any budget.
func newChunk(base header.ID, began int64) *chunk {
	c := chunks.Get().(*chunk)
	c.base, c.began = base, began
	return c
}

// size is the memory that the chunk takes.
func (c *chunk) size() int {
	return int(unsafe.Sizeof(*c)) + cap(c.recs)*entrySize + cap(c.buf) + cap(c.held)*int(unsafe.Sizeof(held{}))
}

func (c *chunk) live() int { return len(c.recs) - c.dead }

// full leaves room for as much again as was kept, so that a record that is withheld
// for long is moved only a few times, however many there are.
func (c *chunk) full() bool {
	return len(c.recs) >= chunkRecords+2*c.keptRecords || len(c.buf) >= chunkBytes+2*c.keptBytes
}

// open reserves the memory of c, which is new, and two records: most traces have at
// least a start and a stop.
func (c *chunk) open(b budgets) bool {
	for c.room = 2; c.room > 0; c.room-- {
		if b.reserve(c.size(), c.room) {
			return true
		}
	}
	chunks.Put(c)
	return false
}

// encoder returns an encoder that writes into buf, with room for a usual record if
// the budgets have it. What it writes is taken by add.
func (c *chunk) encoder(s *Service) *encoder {
	if cap(c.buf)-len(c.buf) < usualRecord {
		c.growText(usualRecord, s.queue.budgets)
	}
	c.direct.direct = true
	c.direct.reset(s, c.buf)
	return &c.direct
}

// reserve makes room for the record that e holds. It returns false if b has none.
func (c *chunk) reserve(e *encoder, b budgets) bool {
	if len(c.recs) >= c.room && !c.growRecords(b) {
		return false
	}
	if e.direct { // it has been written
		return cap(e.buf) == cap(c.buf) || b.reserve(cap(e.buf)-cap(c.buf), 0)
	}
	return cap(c.buf)-len(c.buf) >= len(e.buf) || c.growText(len(e.buf), b)
}

// growRecords reserves as many records again, or one if the budgets do not have
// room for that many.
func (c *chunk) growRecords(b budgets) bool {
	want := cap(c.recs)
	if c.room == want {
		want = max(2*want, firstRecords)
	}
	memory := (want - cap(c.recs)) * entrySize
	more := min(2*c.room, want) - c.room
	if !b.reserve(memory, more) {
		if more = 1; !b.reserve(memory, more) {
			return false
		}
	}
	c.room += more
	if memory > 0 {
		c.recs = append(make([]entry, 0, want), c.recs...)
	}
	return true
}

func (c *chunk) growText(bytes int, b budgets) bool {
	want := max(2*cap(c.buf), len(c.buf)+bytes, firstBytes)
	if !b.reserve(want-cap(c.buf), 0) {
		return false
	}
	c.buf = append(make([]byte, 0, want), c.buf...)
	return true
}

// add takes the record that e holds, for which room has been reserved.
func (c *chunk) add(e *encoder, at int64) {
	from := len(c.buf)
	if e.direct {
		c.buf = e.buf
	} else {
		c.buf = append(c.buf, e.buf...)
	}
	c.recs = append(c.recs, entry{time: at, from: uint32(from), to: uint32(len(c.buf)), layout: e.layout, sonde: e.sonde})
}

// addLost writes the point of a trace that is over and has lost records; it lasts
// from the first to the last of them. The losses themselves are in its parcel. Only one
// sink gets this point, so it is no part of the trace's numbering but has one of its own.
func (c *chunk) addLost(lost loss, s *record.Source, t *tails) {
	f := record.Fields{Trace: c.base, Parent: c.base, Point: header.NewID(), Name: lostName, Project: s.Project, Service: s.Service}
	write := func(phase record.Phase, at int64, kind layer.Kind) {
		f.Phase, f.Time, f.Info = phase, at, t.info(kind)
		r := entry{time: at, from: uint32(len(c.buf)), sonde: kind != layer.Unspecified}
		c.buf, r.layout = f.AppendJSON(c.buf)
		r.to = uint32(len(c.buf))
		c.recs = append(c.recs, r)
	}
	write(record.Start, lost.from, layer.Internal)
	write(record.Stop, lost.to, layer.Unspecified)
	c.room = len(c.recs)
}

// hold withholds the record that was added last, n's start.
func (c *chunk) hold(n *node, b budgets) {
	last := len(c.recs) - 1
	c.recs[last].held = true
	before := c.size()
	n.place = uint32(len(c.held))
	c.held = append(c.held, held{n, last})
	if more := c.size() - before; more > 0 {
		b.add(more, 0)
	}
}

// withheld is the start record of n if it is in c and withheld, or else nil. It
// takes constant time, since the point knows its place.
func (c *chunk) withheld(n *node) *entry {
	if c == nil || int(n.place) >= len(c.held) || c.held[n.place].point != n {
		return nil
	}
	r := &c.recs[c.held[n.place].entry]
	if !r.held || n.watch == nil && n.state.Load()&stateHeld == 0 {
		return nil
	}
	return r
}

// retract takes back the start record of n, which is withheld. That of the record
// that was added last leaves nothing behind.
func (c *chunk) retract(n *node) {
	i := c.held[n.place].entry
	r, last := &c.recs[i], len(c.held)-1
	if i == len(c.recs)-1 && int(n.place) == last && int(r.to) == len(c.buf) {
		c.buf, c.recs = c.buf[:r.from], c.recs[:i]
		c.held[last] = held{}
		c.held = c.held[:last]
		return
	}
	r.held, r.dead = false, true
	c.dead++
}

// keepHeld moves the withheld records to a new chunk and returns it, or nil if
// there are none.
func (c *chunk) keepHeld(b budgets) *chunk {
	var kept *chunk
	for _, h := range c.held {
		r := c.withheld(h.point)
		if r == nil {
			continue
		}
		if kept == nil {
			kept = newChunk(c.base, c.began)
		}
		moved := *r
		moved.from = uint32(len(kept.buf))
		kept.buf = append(kept.buf, c.buf[r.from:r.to]...)
		moved.to = uint32(len(kept.buf))
		kept.recs = append(kept.recs, moved)
		h.point.place = uint32(len(kept.held))
		kept.held = append(kept.held, held{h.point, len(kept.recs) - 1})
		r.dead = true
		c.dead++
	}
	if kept != nil {
		kept.room, kept.keptRecords, kept.keptBytes = len(kept.recs), len(kept.recs), len(kept.buf)
		b.add(kept.size(), kept.room)
	}
	return kept
}

// close prepares c for being handed over: it gives back the room that no live
// record takes and drops the references to points.
func (c *chunk) close(b budgets) {
	clear(c.held)
	c.held = c.held[:0]
	if room := c.room; room != c.live() {
		c.room = c.live()
		b.add(0, c.room-room)
	}
}

// free gives what c takes back to one outlet's budget.
func (c *chunk) free(b *budget) {
	b.add(-c.size(), -c.room)
	if c.users.Add(-1) == 0 {
		c.reuse()
	}
}

// forget gives what c takes back to all budgets; no outlet has been given c.
func (c *chunk) forget(b budgets) {
	b.add(-c.size(), -c.room)
	c.reuse()
}

// reuse returns the memory of c for reuse, unless it is huge: it would count in
// full for the next trace.
func (c *chunk) reuse() {
	if cap(c.buf) <= usualBytes && cap(c.recs) <= usualRecords {
		*c = chunk{recs: c.recs[:0], buf: c.buf[:0], held: c.held[:0]}
		chunks.Put(c)
	}
}
