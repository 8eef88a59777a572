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

// batch is what is taken from the queue at once. Its memory is reused; what all
// events have in common is written into each of them once.
type batch struct {
	parcels []parcel
	all     []record.Event // filled with the common part
	events  []record.Event // the beginning of all
	infos   []byte         // of the events that tell losses
}

// fill takes the oldest chunks into b, as many as fit but at least one, and adds
// points for traces that are over and whose losses are not yet reported. It returns
// false if nothing is due and no batch is complete.
func (o *outlet) fill(b *batch) bool {
	b.parcels, b.infos = b.parcels[:0], b.infos[:0]
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
	for len(b.all) < n {
		b.all = append(b.all, o.proto)
	}
	b.events = b.all[:n]
	i := 0
	for _, p := range b.parcels {
		i += b.add(b.events[i:], p, len(o.q.hostTail))
	}
	return n > 0
}

// add writes the records of p into the first of events, in which the common part
// is already written, and returns how many they are.
func (b *batch) add(events []record.Event, p parcel, tail int) int {
	n := 0
	for i := range p.recs {
		r := &p.recs[i]
		if r.dead {
			continue
		}
		info := p.buf[r.from:r.to:r.to]
		if n == 0 && p.untold != nil {
			info = b.tell(info, r.sonde, tail, p.untold)
		}
		events[n].Change(func(f *record.Fields) { // is inlined, and nothing is copied
			f.Name, f.Phase, f.Time, f.Seq = r.name, r.kind, r.time, p.seq+uint64(n)
			f.Trace, f.Parent, f.Point = p.base, r.parent, r.id
			f.Info = info
		})
		n++
	}
	return n
}

// tell returns a copy of info that reports losses in its member "sonde", which it
// may have already; the last tail bytes of info hold the host.
func (b *batch) tell(info []byte, sonde bool, tail int, u *untold) []byte {
	from, host := len(b.infos), len(info)-tail
	buf := b.infos
	if sonde {
		buf = append(append(buf, info[:host-len(`},`)]...), ',')
	} else {
		buf = append(append(buf, info[:host]...), `"sonde":{`...)
	}
	if u.trace.n > 0 {
		buf = append(strconv.AppendUint(append(buf, `"lost":`...), u.trace.n, 10), ',')
	}
	if u.service.n > 0 {
		buf = strconv.AppendUint(append(buf, `"service_lost":{"n":`...), u.service.n, 10)
		buf = record.AppendTimestamp(append(buf, `,"from":"`...), u.service.from)
		buf = record.AppendTimestamp(append(buf, `","to":"`...), u.service.to)
		buf = append(buf, `"},`...)
	}
	buf = append(buf[:len(buf)-1], "},"...)
	b.infos = append(buf, info[host:]...)
	return b.infos[from:len(b.infos):len(b.infos)]
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
	if cap(b.infos) > usualBytes {
		b.infos = nil
	}
}
