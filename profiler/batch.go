package profiler

import (
	"strconv"

	"github.com/sonde-go/sonde/record"
)

// parcel is a chunk on its way to one sink.
type parcel struct {
	*chunk
	seq    uint64  // of its first live record
	untold *untold // losses that the record reports; nil: none
}

// fifo holds the chunks that were handed over, oldest first. It is guarded by
// queue.mu.
type fifo struct {
	parcels []parcel // those before next were taken
	next    int
	events  int // that are waiting
}

func (f *fifo) first() *parcel { return &f.parcels[f.next] }

func (f *fifo) push(p parcel) {
	if len(f.parcels) == cap(f.parcels) && f.next > len(f.parcels)/2 {
		n := copy(f.parcels, f.parcels[f.next:])
		clear(f.parcels[n:])
		f.parcels, f.next = f.parcels[:n], 0
	}
	f.parcels = append(f.parcels, p)
	f.events += p.live()
}

func (f *fifo) pop() parcel {
	p := *f.first()
	*f.first() = parcel{}
	f.next++
	f.events -= p.live()
	if f.next == len(f.parcels) {
		f.parcels, f.next = f.parcels[:0], 0
		if cap(f.parcels) > usualParcels { // what a burst has left over
			f.parcels = nil
		}
	}
	return p
}

const usualParcels = 1 << 10

// batch is what is taken from the queue at once. Its memory is reused.
type batch struct {
	parcels []parcel
	events  []record.Event
	told    []byte // the records that tell losses
}

// fill takes the oldest chunks into b, as many as fit but at least one, and adds
// points for traces that are over and whose losses are not yet reported. It returns
// false if nothing is due and no batch is complete.
func (o *outlet) fill(b *batch) bool {
	b.parcels, b.told = b.parcels[:0], b.told[:0]
	n := 0
	o.q.mu.Lock()
	w := &o.waiting
	if w.events > 0 && (w.first().seq <= o.due || w.events >= o.limits.BatchEvents) {
		for w.events > 0 && (n == 0 || n+w.first().live() <= o.limits.BatchEvents) {
			p := w.pop()
			p.untold = o.losses.take(p.chunk)
			n += p.live()
			b.parcels = append(b.parcels, p)
		}
	}
	for (n == 0 || n+2 <= o.limits.BatchEvents) && o.tellEnded(b) {
		n += 2
	}
	if n > 0 {
		o.oldest = b.parcels[0].seq
	}
	o.inFlight = n
	o.q.mu.Unlock()
	b.events = b.events[:0]
	for _, p := range b.parcels {
		b.add(p, o)
	}
	return n > 0
}

// add adds the records of p.
func (b *batch) add(p parcel, o *outlet) {
	seq, number := p.seq, record.Number{From: o.source.Producer + p.part, N: p.before}
	for i := range p.recs {
		r := &p.recs[i]
		if r.dead {
			continue
		}
		text, layout := p.buf[r.from:r.to:r.to], r.layout
		if seq == p.seq && p.untold != nil {
			text, layout = b.tell(text, r, p.untold, &o.q.tails)
		}
		number.N++
		b.events = append(b.events, record.Stored(text, layout, &o.source, &p.base, r.time, seq, number))
		seq++
	}
}

// tell returns a copy of the text of r that reports losses in info.sonde, which it may
// have already, and the layout of the copy.
func (b *batch) tell(text []byte, r *entry, u *untold, t *tails) ([]byte, record.Layout) {
	from, host := len(b.told), len(text)-len(t.host())
	buf := b.told
	if r.sonde {
		buf = append(append(buf, text[:host-len(`},`)]...), ',')
	} else {
		buf = append(append(buf, text[:host]...), `"sonde":{`...)
	}
	if u.trace.n > 0 {
		buf = append(strconv.AppendUint(append(buf, `"lost":`...), u.trace.n, 10), ',')
	}
	if u.trace.numbered > 0 {
		buf = append(strconv.AppendUint(append(buf, `"lost_numbered":`...), u.trace.numbered, 10), ',')
	}
	if u.service.n > 0 {
		buf = strconv.AppendUint(append(buf, `"service_lost":{"n":`...), u.service.n, 10)
		buf = record.AppendTimestamp(append(buf, `,"from":"`...), u.service.from)
		buf = record.AppendTimestamp(append(buf, `","to":"`...), u.service.to)
		buf = append(buf, `"},`...)
	}
	b.told = append(append(buf[:len(buf)-1], "},"...), t.host()...)
	layout, told := r.layout, b.told[from:len(b.told):len(b.told)]
	layout.EndInfo(len(told) - t.afterInfo)
	return told, layout
}

// finish frees b after all its records have been accounted for.
func (o *outlet) finish(b *batch) {
	o.q.mu.Lock()
	if len(o.losses.traces) > 0 {
		for _, p := range b.parcels {
			if p.last || o.q.closed {
				o.losses.end(p.base, 0) // what of it was rejected
			}
		}
	}
	o.q.mu.Unlock()
	for _, p := range b.parcels {
		p.free(&o.budget)
	}
	clear(b.parcels)
	o.q.mu.Lock()
	o.oldest = 0
	o.tellProgress() // who waits for Flush has room for more then
	o.q.mu.Unlock()
	if cap(b.told) > usualBytes {
		b.told = nil
	}
}
