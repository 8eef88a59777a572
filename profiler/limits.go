package profiler

import (
	"cmp"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/header"
)

// LimitConfig bounds what an attacker can cause with captured headers or with a
// key: OSProfiler's headers say neither when nor how often they may be used. A
// field that is zero has the default that its comment ends with, which honest use
// should never reach; a negative one is an error. A very large one, such as
// math.MaxInt, turns its limit off.
//
// A request over a limit is served untraced, see [Service.Receive]. For traces that a
// program begins through its admission hook only TracePoints and TraceBytes hold; one
// that it begins with [Service.Begin] is not limited, see also Detail.Points. A Service remembers the last 16384 traces, and as many points that
// have sent requests; a replay of older headers counts as new.
type LimitConfig struct {
	// NewTraces is how many new traces requests may begin at once, for each key,
	// and NewTracesPerSecond how many per second after that. Default: 10000, then
	// 1000 per second.
	NewTraces, NewTracesPerSecond int
	// Arrivals is how many requests may arrive at once with the same headers, that
	// is, from the same point of a trace, and ArrivalsPerSecond how many per second
	// after that. Default: 1000, then 10 per second.
	Arrivals, ArrivalsPerSecond int
	// TracePoints is how many points one trace may have in this process. Points
	// started beyond that are left out and counted as LeftOut in [Stats]; points
	// that are already open are still recorded to their end. Default: 100000.
	TracePoints int
	// TraceBytes is how many bytes of info the points of one trace may have in this
	// process; beyond that, new points are left out. Default: 64 MiB.
	TraceBytes int
}

func (l *LimitConfig) setDefaults() {
	l.NewTraces = cmp.Or(l.NewTraces, 10_000)
	l.NewTracesPerSecond = cmp.Or(l.NewTracesPerSecond, 1000)
	l.Arrivals = cmp.Or(l.Arrivals, 1000)
	l.ArrivalsPerSecond = cmp.Or(l.ArrivalsPerSecond, 10)
	l.TracePoints = cmp.Or(l.TracePoints, 100_000)
	l.TraceBytes = cmp.Or(l.TraceBytes, 64<<20)
}

func (l *LimitConfig) validate() error {
	if min(l.NewTraces, l.NewTracesPerSecond, l.Arrivals, l.ArrivalsPerSecond, l.TracePoints, l.TraceBytes) < 0 {
		return errors.New("profiler: a limit on requests is negative; use zero for the default")
	}
	return nil
}

// limiter applies the limits to requests whose headers have been verified; no other
// request reaches it. No other lock is taken while its lock is held.
type limiter struct {
	newTraces, arrivals rate
	maxPoints, maxBytes int64
	began               time.Time // what buckets count from

	mu    sync.Mutex
	now   int64 // the latest arrival
	keys  map[*header.Key]*bucket
	seen  *seen // nil until the first request
	spare []tally
	made  uint64 // tallies
}

func newLimiter(c *LimitConfig) *limiter {
	return &limiter{
		newTraces: newRate(c.NewTraces, c.NewTracesPerSecond),
		arrivals:  newRate(c.Arrivals, c.ArrivalsPerSecond),
		maxPoints: int64(c.TracePoints), maxBytes: int64(c.TraceBytes),
		began: time.Now(),
		keys:  map[*header.Key]*bucket{},
	}
}

// admit counts the arrival of a request signed with key; at is from time.Now. It
// returns the trace's account in this process, or nil if the trace was refused as a
// new one, and the reason if the request is refused.
func (l *limiter) admit(in header.Info, key *header.Key, at time.Time) (*tally, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := max(l.now, int64(at.Sub(l.began))) // requests may get here in another order than they came
	l.now = now
	if l.seen == nil {
		l.seen = newSeen()
	}
	base, pair := l.seen.hash(in)
	trace, known := l.seen.trace(base)
	if !known {
		if !l.newTraces.take(l.bucketOf(key), now) {
			return nil, header.ErrTooManyTraces
		}
		*trace = seenTrace{hash: base, tally: l.newTally()}
	}
	trace.used = now
	t := trace.tally
	switch {
	case !l.arrivals.take(l.seen.pair(pair), now):
		return t, header.ErrTooManyArrivals
	case t.full(l.maxPoints, l.maxBytes):
		return t, header.ErrTraceFull
	}
	return t, nil
}

// knows reports whether a request of the trace was admitted lately.
func (l *limiter) knows(in header.Info) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		return false
	}
	_, known := l.seen.trace(l.seen.hashID(&in.BaseID))
	return known
}

func (l *limiter) bucketOf(key *header.Key) *bucket {
	b := l.keys[key]
	if b == nil {
		b = new(bucket)
		l.keys[key] = b
	}
	return b
}

// newTally allocates many at once, so that a traced request costs no further
// allocation. They are not reused, since requests may outlive their trace's place
// in the table.
func (l *limiter) newTally() *tally {
	if len(l.spare) == 0 {
		l.spare = make([]tally, 64)
	}
	t := &l.spare[0]
	l.spare = l.spare[1:]
	l.made++
	t.part = l.made
	return t
}

// tally counts what a trace has done in this process. All requests of the trace
// share it. The nil tally, that of a trace that the program has begun itself, is
// never full.
type tally struct {
	points, bytes atomic.Int64
	refused       atomic.Uint64 // arrivals
	untold        atomic.Uint64 // those that no record has reported yet
	numbered      atomic.Uint64 // records that have a number
	part          uint64        // of the Service; no other tally has the same, nor 0
}

func (t *tally) full(maxPoints, maxBytes int64) bool {
	return t != nil && (t.points.Load() >= maxPoints || t.bytes.Load() >= maxBytes)
}

// full reports whether the trace has reached a limit.
func (t *trace) full() bool {
	if t.less != nil {
		return t.tally.full(t.less.detail.maxPoints, t.less.detail.maxBytes)
	}
	return t.tally.full(t.svc.limits.maxPoints, t.svc.limits.maxBytes)
}

// ownTally returns the account of a trace that begins here.
func (l *limiter) ownTally() *tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newTally()
}

// refuse counts a refused arrival. It returns true if that is to be recorded at
// once, in a point of its own, since no other record of the trace may ever follow:
// for the 1st, 2nd, 4th, 8th and so on, so that the report knows of at least half.
func (t *tally) refuse() bool {
	t.untold.Add(1)
	n := t.refused.Add(1)
	return n&(n-1) == 0
}

// toTell returns how many refused arrivals the next record reports.
func (t *tally) toTell() uint64 {
	if t == nil || t.untold.Load() == 0 {
		return 0
	}
	return t.untold.Swap(0)
}

// rate allows a burst, and then one more after each period. Both are durations: the
// burst is the time in which a bucket fills.
type rate struct{ each, burst int64 } // nanoseconds

func newRate(burst, perSecond int) rate {
	each := int64(time.Second) / int64(perSecond)
	return rate{each, int64(min(float64(burst)*float64(each), math.MaxInt64/2))}
}

// bucket is the time at which it will be full again, in nanoseconds. The zero
// bucket is full.
type bucket int64

func (r rate) take(b *bucket, now int64) bool {
	full := max(int64(*b), now) + r.each
	if full-now > r.burst {
		return false
	}
	*b = bucket(full)
	return true
}
