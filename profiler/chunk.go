package profiler

import (
	"strconv"
	"sync"
	"unsafe"

	"github.com/sonde-go/sonde/header"
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
	aboutBytes = 96 // the longest that "sonde" takes in an info, but for a layer
)

// chunk holds records of one trace. Their info stands in buf. It belongs to
// the trace until it is handed over, then to the queue.
type chunk struct {
	base header.ID
	recs []entry
	buf  []byte
	room int    // records that the budget has been asked for
	dead int    // records that were retracted
	seq  uint64 // of its first live record
	next *chunk // in the queue

	held []*node // the points of records that are withheld, or were
	// The withheld records that it began with, see keepHeld.
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
}

// chunks are used again; the garbage collector takes those that a burst has
// left over.
var chunks = sync.Pool{New: func() any {
	return &chunk{recs: make([]entry, 0, firstRecords), buf: make([]byte, 0, firstBytes)}
}}

// newChunk is an empty chunk that b has not been asked for.
func newChunk(base header.ID) *chunk {
	c := chunks.Get().(*chunk)
	c.base = base
	return c
}

// size is the memory that the chunk takes.
func (c *chunk) size() int {
	return int(unsafe.Sizeof(*c)) + cap(c.recs)*entrySize + cap(c.buf) + cap(c.held)*int(unsafe.Sizeof(c))
}

func (c *chunk) live() int { return len(c.recs) - c.dead }

// full leaves room for as much again as was kept, so that a record which is
// withheld for long is moved few times, however many there are.
func (c *chunk) full() bool {
	return len(c.recs) >= chunkRecords+2*c.keptRecords || len(c.buf) >= chunkBytes+2*c.keptBytes
}

// open asks for the memory of c, which is new, and for two records: most
// traces have a start and a stop at least.
func (c *chunk) open(b *budget) bool {
	for c.room = 2; c.room > 0; c.room-- {
		if b.reserve(c.size(), c.room) {
			return true
		}
	}
	chunks.Put(c)
	return false
}

// reserve makes room for one more record with so much info. It is false if b
// has no room for it.
func (c *chunk) reserve(info int, b *budget) bool {
	return (len(c.recs) < c.room || c.growRecords(b)) &&
		(cap(c.buf)-len(c.buf) >= info || c.growInfo(info, b))
}

// growRecords asks for as many records again, or for one if there are not so
// many left.
func (c *chunk) growRecords(b *budget) bool {
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

func (c *chunk) growInfo(info int, b *budget) bool {
	want := max(2*cap(c.buf), len(c.buf)+info, firstBytes)
	if !b.reserve(want-cap(c.buf), 0) {
		return false
	}
	c.buf = append(make([]byte, 0, want), c.buf...)
	return true
}

// add writes a record of n, for which room was reserved.
func (c *chunk) add(n *node, kind record.Phase, at int64, e *encoder, lost uint64, hostTail []byte) {
	from := len(c.buf)
	buf := append(c.buf, e.buf...)
	if lost == 0 && !e.truncated && e.layer == "" {
		buf = append(buf, kindAlone[e.kind]...) // the usual case
	} else {
		buf = append(append(append(buf, `"sonde":{`...), kindMember[e.kind]...), e.layer...)
		if lost > 0 {
			buf = append(strconv.AppendUint(append(buf, `"lost":`...), lost, 10), ',')
		}
		if e.truncated {
			buf = append(buf, `"truncated":true,`...)
		}
		buf = append(buf[:len(buf)-1], '}', ',')
	}
	c.buf = append(buf, hostTail...)
	i := len(c.recs)
	c.recs = c.recs[:i+1]
	r := &c.recs[i] // memory that was used before: every field is written
	r.name, r.id, r.parent, r.time, r.kind = n.name, n.id, n.parent, at, kind
	r.from, r.to = uint32(from), uint32(len(c.buf))
	r.held, r.dead = false, false
}

// hold withholds the record that was added last, n's start.
func (c *chunk) hold(n *node, b *budget) {
	n.place = uint32(len(c.recs) - 1)
	c.recs[n.place].held = true
	before := c.size()
	c.held = append(c.held, n)
	if more := c.size() - before; more > 0 {
		b.add(more, 0)
	}
}

// withheld is the start record of n if it is in c and withheld. The point
// knows its record's place: this takes constant time.
func (c *chunk) withheld(n *node) *entry {
	if c == nil || int(n.place) >= len(c.recs) {
		return nil
	}
	if r := &c.recs[n.place]; r.held && r.id == n.id {
		return r
	}
	return nil
}

// keepHeld moves the withheld records to a new chunk, nil if there are none.
func (c *chunk) keepHeld(b *budget) *chunk {
	var kept *chunk
	for _, n := range c.held {
		r := c.withheld(n)
		if r == nil {
			continue
		}
		if kept == nil {
			kept = newChunk(c.base)
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

// close ends the growth of c, which is handed over: it gives back the room that
// no live record takes and lets go of the points.
func (c *chunk) close(b *budget) {
	size, room := c.size(), c.room
	c.room, c.held = c.live(), nil
	if size != c.size() || room != c.room {
		b.add(c.size()-size, c.room-room)
	}
}

// free gives back what c takes and lets it be used again, unless it is huge:
// it would count as much for the next trace. The old records stay until they
// are overwritten, since they hold nothing but names and ids.
func (c *chunk) free(b *budget) {
	b.add(-c.size(), -c.room)
	if cap(c.buf) <= usualBytes && cap(c.recs) <= usualRecords {
		*c = chunk{recs: c.recs[:0], buf: c.buf[:0]}
		chunks.Put(c)
	}
}
