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
	chunkBytes   = 64 << 10 // info bytes after which it is

	firstRecords = 8 // room in a new chunk
	firstBytes   = 1 << 10
	usualRecords = 2 * chunkRecords // room in a chunk that is used again
	usualBytes   = 16 << 10

	entrySize  = int(unsafe.Sizeof(entry{}))
	aboutBytes = 96 // the longest that "sonde" takes in an info, but for encoder.about
)

// chunk holds records of one trace, with their info in buf. It belongs to the trace
// until it is handed over. From then on nothing in it changes, and it belongs to
// the outlets that have accepted it.
type chunk struct {
	base  header.ID
	began int64 // when the trace did, Unix time in nanoseconds
	recs  []entry
	buf   []byte
	room  int          // records reserved in the budgets
	dead  int          // records that were retracted
	last  bool         // no point was open when it was handed over
	users atomic.Int32 // outlets that still need it

	held []*node // the points of records that are withheld, or were
	// The withheld records that the chunk began with, see keepHeld.
	keptRecords, keptBytes int
}

// entry is a record.Event without what the trace's records have in common.
type entry struct {
	name     string
	id       header.ID
	parent   header.ID
	time     int64
	from, to uint32 // info in buf
	kind     record.Phase
	held     bool
	dead     bool
	sonde    bool // info has the member "sonde", the last but the host
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
	return int(unsafe.Sizeof(*c)) + cap(c.recs)*entrySize + cap(c.buf) + cap(c.held)*int(unsafe.Sizeof(c))
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

// reserve makes room for one more record with info bytes of info. It returns false
// if b has no room for it.
func (c *chunk) reserve(info int, b budgets) bool {
	return (len(c.recs) < c.room || c.growRecords(b)) &&
		(cap(c.buf)-len(c.buf) >= info || c.growInfo(info, b))
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

func (c *chunk) growInfo(info int, b budgets) bool {
	want := max(2*cap(c.buf), len(c.buf)+info, firstBytes)
	if !b.reserve(want-cap(c.buf), 0) {
		return false
	}
	c.buf = append(make([]byte, 0, want), c.buf...)
	return true
}

// add writes a record of n, for which room has been reserved.
func (c *chunk) add(n *node, kind record.Phase, at int64, e *encoder, hostTail []byte) {
	from := len(c.buf)
	buf := append(c.buf, e.buf...)
	about := len(buf)
	if !e.truncated && e.about == "" {
		buf = append(buf, kindAlone[e.kind]...) // the usual case
	} else {
		buf = append(append(append(buf, `"sonde":{`...), kindMember[e.kind]...), e.about...)
		if e.truncated {
			buf = append(buf, `"truncated":true,`...)
		}
		buf = append(buf[:len(buf)-1], '}', ',')
	}
	sonde := len(buf) > about
	c.buf = append(buf, hostTail...)
	i := len(c.recs)
	c.recs = c.recs[:i+1]
	r := &c.recs[i] // memory that was used before: every field is written
	r.name, r.id, r.parent, r.time, r.kind = n.name, n.id, n.parent, at, kind
	r.from, r.to = uint32(from), uint32(len(c.buf))
	r.held, r.dead, r.sonde = false, false, sonde
}

// addLost writes the point of a trace that is over and has lost records; it lasts
// from the first to the last of them. The losses themselves are in its parcel.
func (c *chunk) addLost(lost loss, hostTail []byte) {
	id := header.NewID()
	c.buf = append(append(append(c.buf, '{'), kindAlone[layer.Internal]...), hostTail...)
	start := entry{name: lostName, id: id, parent: c.base, time: lost.from, kind: record.Start, to: uint32(len(c.buf)), sonde: true}
	c.buf = append(append(c.buf, '{'), hostTail...)
	stop := entry{name: lostName, id: id, parent: c.base, time: lost.to, kind: record.Stop, from: start.to, to: uint32(len(c.buf))}
	c.recs = append(c.recs, start, stop)
	c.room = len(c.recs)
}

// hold withholds the record that was added last, n's start.
func (c *chunk) hold(n *node, b budgets) {
	n.place = uint32(len(c.recs) - 1)
	c.recs[n.place].held = true
	before := c.size()
	c.held = append(c.held, n)
	if more := c.size() - before; more > 0 {
		b.add(more, 0)
	}
}

// withheld is the start record of n if it is in c and withheld, or else nil. It
// takes constant time, since the point knows its record's place.
func (c *chunk) withheld(n *node) *entry {
	if c == nil || int(n.place) >= len(c.recs) {
		return nil
	}
	if r := &c.recs[n.place]; r.held && r.id == n.id {
		return r
	}
	return nil
}

// keepHeld moves the withheld records to a new chunk and returns it, or nil if
// there are none.
func (c *chunk) keepHeld(b budgets) *chunk {
	var kept *chunk
	for _, n := range c.held {
		r := c.withheld(n)
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
		kept.held = append(kept.held, n)
		n.place = uint32(len(kept.recs) - 1)
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
	size, room := c.size(), c.room
	c.room, c.held = c.live(), nil
	if size != c.size() || room != c.room {
		b.add(c.size()-size, c.room-room)
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
// full for the next trace. The old records stay until they are overwritten, since
// they hold only names and ids.
func (c *chunk) reuse() {
	if cap(c.buf) <= usualBytes && cap(c.recs) <= usualRecords {
		*c = chunk{recs: c.recs[:0], buf: c.buf[:0]}
		chunks.Put(c)
	}
}
