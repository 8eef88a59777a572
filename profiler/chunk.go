package profiler

import (
	"slices"
	"strconv"
	"sync"
	"unsafe"

	"github.com/sonde-go/sonde/header"
)

const (
	chunkRecords = 32       // records after which a chunk is handed over
	chunkBytes   = 64 << 10 // info bytes after which it is
)

// chunk holds records of one trace. Their info stands in buf. It belongs to
// the trace until it is handed over, then to the queue.
type chunk struct {
	base header.ID
	recs []record
	buf  []byte
	dead int    // records that were retracted
	lost uint64 // losses that its records report
	seq  uint64 // of its first live record
	next *chunk // in the queue

	// The withheld records that it began with, see keepHeld.
	keptRecords, keptBytes int
}

// record is an Event without what the trace's records have in common.
type record struct {
	name     string
	id       header.ID
	parent   header.ID
	time     int64
	from, to uint32 // info in buf
	kind     Kind
	held     bool
	dead     bool
}

// chunks are used again. They grow to what traces need; the garbage collector
// takes those that a burst has left over.
var chunks = sync.Pool{New: func() any {
	return &chunk{recs: make([]record, 0, 8), buf: make([]byte, 0, 1<<10)}
}}

func newChunk(base header.ID) *chunk {
	c := chunks.Get().(*chunk)
	c.base = base
	return c
}

// size is the memory that the chunk takes.
func (c *chunk) size() int {
	return int(unsafe.Sizeof(*c)) + cap(c.recs)*int(unsafe.Sizeof(record{})) + cap(c.buf)
}

func (c *chunk) live() int { return len(c.recs) - c.dead }

// full leaves room for as much again as was kept, so that a record which is
// withheld for long is moved few times, however many there are.
func (c *chunk) full() bool {
	return len(c.recs) >= chunkRecords+2*c.keptRecords || len(c.buf) >= chunkBytes+2*c.keptBytes
}

func (c *chunk) add(n *node, kind Kind, at int64, e *encoder, lost uint64, hostTail []byte) {
	from := len(c.buf)
	b := append(c.buf, e.buf...)
	if lost > 0 || e.truncated {
		b = append(b, `"sonde":{`...)
		if lost > 0 {
			b = strconv.AppendUint(append(b, `"lost":`...), lost, 10)
			c.lost += lost
			if e.truncated {
				b = append(b, ',')
			}
		}
		if e.truncated {
			b = append(b, `"truncated":true`...)
		}
		b = append(b, '}', ',')
	}
	c.buf = append(b, hostTail...)
	r := c.extend()
	r.name, r.id, r.parent, r.time, r.kind = n.name, n.id, n.parent, at, kind
	r.from, r.to = uint32(from), uint32(len(c.buf))
	r.held, r.dead = kind == KindStart && n.state.Load()&stateHeld != 0, false
}

// extend makes room for one more record, which the caller fills: all of its
// fields, since the memory has been used before.
func (c *chunk) extend() *record {
	n := len(c.recs)
	if n == cap(c.recs) {
		c.recs = slices.Grow(c.recs, n)
	}
	c.recs = c.recs[:n+1]
	return &c.recs[n]
}

// held is the start record of n if it is in c and withheld.
func (c *chunk) held(n *node) *record {
	if c == nil {
		return nil
	}
	for i := len(c.recs) - 1; i >= 0; i-- {
		if r := &c.recs[i]; r.held && r.id == n.id {
			return r
		}
	}
	return nil
}

// keepHeld moves the withheld records to a new chunk, nil if there are none.
func (c *chunk) keepHeld() *chunk {
	var kept *chunk
	for i := range c.recs {
		r := &c.recs[i]
		if !r.held {
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
		r.dead = true
		c.dead++
	}
	if kept != nil {
		kept.keptRecords, kept.keptBytes = len(kept.recs), len(kept.buf)
	}
	return kept
}

// free lets c be used again. Memory that one huge trace needed is let go; the
// old records stay until they are overwritten, since they hold nothing but
// names and ids.
func (c *chunk) free() {
	buf, recs := c.buf[:0], c.recs[:0]
	if cap(buf) > 2*chunkBytes {
		buf = nil
	}
	*c = chunk{recs: recs, buf: buf}
	chunks.Put(c)
}
