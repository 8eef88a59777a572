package tail

import (
	"container/list"
	"sync"
	"time"

	"github.com/sonde-go/sonde/record"
)

// Batch is records of one trace that came together.
type Batch struct {
	Partition int // who asks for its trace's decision
	Trace     string
	At        time.Time      // when the spool took it, by the clock of the spool
	Events    []record.Event // valid until the batch is returned
	Size      int            // bytes of memory
	Ref       any            // the caller's, such as what to acknowledge
}

// Outcome is what [Decider.Add] made of a batch.
type Outcome int

const (
	// Held: the decider has the batch, until Settle returns it.
	Held Outcome = iota
	// Kept: the trace is kept.
	Kept
	// Dropped: the trace was dropped before.
	Dropped
)

// Decider decides the traces of any number of partitions. It is safe for concurrent use.
type Decider struct {
	draw     Draw
	now      func() time.Time
	pressure func() float64

	mu         sync.Mutex
	judge      judge
	traces     map[string]*Trace // undecided, and decided but not settled
	first      list.List         // undecided, in the order in which they began
	queues     map[int]*queue    // by partition
	held       int64             // bytes of the undecided
	settling   int64             // bytes of what is decided and not settled
	stress     Stress
	remembered remembered
	counts     Counts
}

// queue is the traces of a partition.
type queue struct {
	first   list.List // undecided, in the order in which they began
	last    list.List // undecided, the quietest first
	decided []*Trace
}

// Trace is what a Decider holds of a trace.
type Trace struct {
	Partition int
	Base      string
	Verdict   Verdict // once it is decided

	queue   *queue
	batches []Batch
	bytes   int64
	facts   facts
	place   float64
	began   time.Time
	heard   time.Time

	oldest, first, last *list.Element // of the Decider's list, and of those of the queue; nil: decided
}

// traceCost and batchCost are about what a trace and a batch take beside their records.
const (
	traceCost = 640
	batchCost = 128
)

// New returns a Decider. now is the clock, and pressure says how much of the memory is
// used for what is kept and not stored yet, from 0 to 1.
func New(r Rules, draw Draw, now func() time.Time, pressure func() float64) *Decider {
	return &Decider{
		draw: draw, now: now, pressure: pressure, judge: newJudge(r), traces: map[string]*Trace{}, queues: map[int]*queue{},
		remembered: remembered{most: max(1<<19, 4*r.Traces)},
	}
}

// Add takes a batch. The verdict is that of a batch that is kept or dropped.
func (d *Decider) Add(b Batch) (Outcome, Verdict) {
	place, drawn := d.draw(b.Trace)
	if !drawn {
		return Kept, Asked
	}
	f := read(b.Events)
	pressure := d.pressure()
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	t := d.traces[b.Trace]
	if t == nil {
		if v, ok := d.remembered.get(keyOf(b.Trace)); ok {
			d.counts.Late++
			if v.Keep {
				b.mark(&v)
				return Kept, v
			}
			return Dropped, v
		}
		d.see(pressure, now)
		t = d.begin(&b, place)
	}
	t.batches = append(t.batches, b)
	t.grow(d, int64(b.Size)+batchCost)
	if t.first != nil {
		t.facts.add(f)
		if b.At.After(t.heard) {
			t.heard = b.At
		}
		t.queue.last.MoveToBack(t.last)
		d.makeRoom(now)
	}
	return Held, Verdict{}
}

// begin is the first that is heard of a trace.
func (d *Decider) begin(b *Batch, place float64) *Trace {
	q := d.queues[b.Partition]
	if q == nil {
		q = new(queue)
		d.queues[b.Partition] = q
	}
	t := &Trace{Partition: b.Partition, Base: b.Trace, queue: q, place: place, began: b.At}
	d.traces[t.Base] = t
	if d.stress.On {
		t.Verdict = Verdict{Rule: byStress, Early: d.stress.Cause}
		if share := d.judge.rules.Stress; place <= share {
			t.Verdict.Keep, t.Verdict.Of = true, 1/share
		}
		q.decided = append(q.decided, t)
		d.counts.decide(t.Verdict, "stress")
	} else {
		t.oldest, t.first, t.last = d.first.PushBack(t), q.first.PushBack(t), q.last.PushBack(t)
	}
	t.grow(d, traceCost)
	return t
}

// grow counts memory where it belongs.
func (t *Trace) grow(d *Decider, n int64) {
	t.bytes += n
	if t.first != nil {
		d.held += n
	} else {
		d.settling += n
	}
}

// makeRoom decides the oldest traces while too much is held. The number of traces needs
// no such thing: under stress none is held that was not held before.
func (d *Decider) makeRoom(now time.Time) {
	for d.held > d.judge.rules.Memory {
		d.decide(d.first.Front().Value.(*Trace), "memory", now)
	}
}

// decide asks the rules. early is why, if the trace is not quiet.
func (d *Decider) decide(t *Trace, early string, now time.Time) {
	d.unlist(t)
	d.held -= t.bytes
	d.settling += t.bytes
	t.Verdict = d.judge.verdict(&t.facts, t.place, now)
	t.Verdict.Early = early
	t.facts = facts{}
	t.queue.decided = append(t.queue.decided, t)
	d.counts.decide(t.Verdict, early)
}

func (d *Decider) unlist(t *Trace) {
	d.first.Remove(t.oldest)
	t.queue.first.Remove(t.first)
	t.queue.last.Remove(t.last)
	t.oldest, t.first, t.last = nil, nil, nil
}

// Due reports whether [Decider.Decided] would decide something of a partition by its
// being quiet or held for too long.
func (d *Decider) Due(partition int, at time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := d.queues[partition]
	return q != nil && (d.quiet(q, at) != nil || d.tooLong(q, at) != nil)
}

// quiet is the trace that has been quiet for longest, if that is long enough, or nil;
// tooLong is the one that has been held for longest.
func (d *Decider) quiet(q *queue, at time.Time) *Trace {
	if e := q.last.Front(); e != nil && at.Sub(e.Value.(*Trace).heard) >= d.judge.rules.Quiet {
		return e.Value.(*Trace)
	}
	return nil
}

func (d *Decider) tooLong(q *queue, at time.Time) *Trace {
	if e := q.first.Front(); e != nil && at.Sub(e.Value.(*Trace).began) >= d.judge.rules.AtMost {
		return e.Value.(*Trace)
	}
	return nil
}

// Decided decides what is quiet or has been held for too long in a partition, and returns
// all its traces that are decided and not settled. What comes of them until then is held.
// at is how far the partition has been read, by the clock of the spool: the time of the
// last batch, or now if there is none that has not been added.
func (d *Decider) Decided(partition int, at time.Time) []*Trace {
	pressure := d.pressure()
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	defer d.see(pressure, now)
	q := d.queues[partition]
	if q == nil {
		return nil
	}
	for t := d.quiet(q, at); t != nil; t = d.quiet(q, at) {
		d.decide(t, "", now)
	}
	for t := d.tooLong(q, at); t != nil; t = d.tooLong(q, at) {
		d.decide(t, "", now)
	}
	return q.decided[:len(q.decided):len(q.decided)]
}

// Settle makes the verdicts on traces count that Decided has returned for a partition,
// and returns the batches of the kept and of the dropped.
func (d *Decider) Settle(partition int, ts []*Trace) (kept, dropped []Batch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range ts {
		delete(d.traces, t.Base)
		d.remembered.add(keyOf(t.Base), t.Verdict)
		d.settling -= t.bytes
		if t.Verdict.Keep {
			t.mark()
			kept = append(kept, t.batches...)
		} else {
			dropped = append(dropped, t.batches...)
		}
	}
	if q := d.queues[partition]; q != nil {
		q.decided = append([]*Trace(nil), q.decided[len(ts):]...)
	}
	return kept, dropped
}

// Remember takes a decision that was made elsewhere.
func (d *Decider) Remember(k uint64, v Verdict) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remembered.add(key(k), v)
}

// Forget drops what is held of a partition that somebody else decides from now on, and
// returns its batches.
func (d *Decider) Forget(partition int) (batches []Batch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for base, t := range d.traces {
		if t.Partition != partition {
			continue
		}
		delete(d.traces, base)
		t.grow(d, -t.bytes)
		if t.first != nil {
			d.unlist(t)
		}
		batches = append(batches, t.batches...)
	}
	delete(d.queues, partition)
	return batches
}

// see looks at what is used.
func (d *Decider) see(pressure float64, now time.Time) {
	r := &d.judge.rules
	d.stress.see([3]fill{
		{"memory", float64(d.held) / float64(r.Memory)},
		{"traces", float64(d.first.Len()) / float64(r.Traces)},
		{"store", pressure},
	}, now)
}

// Key is what stands for the trace where it is remembered.
func (t *Trace) Key() uint64 { return uint64(keyOf(t.Base)) }

// Knows reports whether a trace needs no decision: it was asked for, or decided.
func (d *Decider) Knows(base string) bool {
	if _, drawn := d.draw(base); !drawn {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.remembered.get(keyOf(base))
	return ok
}

// Stressed reports whether there is stress.
func (d *Decider) Stressed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stress.On
}
