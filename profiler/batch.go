package profiler

import "github.com/sonde-go/sonde/record"

// fifo is the chunks that were handed over, oldest first. It is guarded by
// queue.mu.
type fifo struct {
	head, tail *chunk
	events     int
}

func (f *fifo) push(c *chunk) {
	if f.tail == nil {
		f.head = c
	} else {
		f.tail.next = c
	}
	f.tail = c
	f.events += c.live()
}

func (f *fifo) pop() *chunk {
	c := f.head
	f.head, c.next = c.next, nil
	if f.head == nil {
		f.tail = nil
	}
	f.events -= c.live()
	return c
}

// batch is what is taken from the queue at once. Its memory is used again and
// again; what all events have in common is written into each of them once.
type batch struct {
	chunks []*chunk
	all    []record.Event // filled with the common part
	events []record.Event // the beginning of all
}

// fill takes the oldest chunks into b: as many as make a full batch, but one
// at least. It is false if nothing is due and no batch is complete.
func (q *queue) fill(b *batch) bool {
	b.chunks = b.chunks[:0]
	q.mu.Lock()
	w := &q.waiting
	if w.head == nil || w.head.seq > q.due && w.events < q.limits.BatchEvents {
		q.mu.Unlock()
		return false
	}
	q.oldest = w.head.seq
	n := 0
	for w.head != nil && (n == 0 || n+w.head.live() <= q.limits.BatchEvents) {
		c := w.pop()
		n += c.live()
		b.chunks = append(b.chunks, c)
	}
	q.inFlight = n
	q.mu.Unlock()
	for len(b.all) < n {
		b.all = append(b.all, q.proto)
	}
	b.events = b.all[:n]
	i := 0
	for _, c := range b.chunks {
		i += c.fill(b.events[i:])
	}
	return true
}

// fill writes the chunk's records into the first of events, of which only the
// common part is written, and returns how many.
func (c *chunk) fill(events []record.Event) int {
	n := 0
	for i := range c.recs {
		r := &c.recs[i]
		if r.dead {
			continue
		}
		events[n].Change(func(f *record.Fields) { // is inlined, and nothing is copied
			f.Name, f.Phase, f.Time, f.Seq = r.name, r.kind, r.time, c.seq+uint64(n)
			f.Trace, f.Parent, f.Point = c.base, r.parent, r.id
			f.Info = c.buf[r.from:r.to:r.to]
		})
		n++
	}
	return n
}

// finish frees b, whose records are all accounted for.
func (q *queue) finish(b *batch) {
	for _, c := range b.chunks {
		c.free(&q.budget)
	}
	clear(b.chunks)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.oldest = 0
	q.tellProgress()
}
