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
// again.
type batch struct {
	chunks []*chunk
	all    []record.Event
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
	if more := n - len(b.all); more > 0 {
		b.all = append(b.all, make([]record.Event, more)...)
	}
	b.events = b.all[:n]
	i, f := 0, q.common
	for _, c := range b.chunks {
		i += c.fill(b.events[i:], &f)
	}
	return true
}

// fill writes the chunk's records into the first of events and returns how
// many; f has what they have in common with those of every other chunk.
func (c *chunk) fill(events []record.Event, f *record.Fields) int {
	n := 0
	f.Trace = c.base
	for i := range c.recs {
		r := &c.recs[i]
		if r.dead {
			continue
		}
		f.Point, f.Parent, f.Name, f.Phase, f.Time = r.id, r.parent, r.name, r.kind, r.time
		f.Seq, f.Info = c.seq+uint64(n), c.buf[r.from:r.to:r.to]
		events[n].Set(f)
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
