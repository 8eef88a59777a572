package tail

import (
	"math/bits"
	"time"
)

const (
	// maxNames is how many names have statistics of their own. The traces of all
	// others share one, and are never rare: a service whose roots are named by paths
	// with ids in them would otherwise have nothing but rare traces.
	maxNames = 2000

	// slowPeriod is how long durations count, at least, and at most twice that.
	slowPeriod = 10 * time.Minute
)

// name is what is known of the traces of a name.
type name struct {
	seen      periods
	durations durations
	since     int       // traces since the last that the rate kept
	next      time.Time // when the rate keeps another one
}

// names are bounded, and forget what was not seen for two periods.
type names struct {
	table  map[string]*name
	others name
	period time.Duration // of seen
	seen   time.Time     // when the periods began
	slow   time.Time
}

func newNames(period time.Duration) names { return names{table: map[string]*name{}, period: period} }

func (s *names) of(text string, now time.Time) *name {
	s.turn(now)
	n := s.table[text]
	if n == nil {
		if len(s.table) >= maxNames {
			return &s.others
		}
		n = new(name)
		s.table[text] = n
	}
	return n
}

// turn begins new periods when the old ones are over.
func (s *names) turn(now time.Time) {
	turn(&s.seen, s.period, now, func(twice bool) {
		for text, n := range s.table {
			if n.seen.turn(twice); n.seen.total() == 0 {
				delete(s.table, text)
			}
		}
		s.others.seen.turn(twice)
	})
	turn(&s.slow, slowPeriod, now, func(twice bool) {
		for _, n := range s.table {
			n.durations.turn(twice)
		}
		s.others.durations.turn(twice)
	})
}

func turn(began *time.Time, period time.Duration, now time.Time, do func(twice bool)) {
	switch age := now.Sub(*began); {
	case began.IsZero():
		*began = now
	case age >= period || age < 0: // a clock that was set back begins anew
		*began = now
		do(age < 0 || age >= 2*period)
	}
}

// periods count traces in this period and in the one before.
type periods struct{ now, before int }

func (p *periods) total() int { return p.now + p.before }

func (p *periods) turn(twice bool) {
	p.before, p.now = p.now, 0
	if twice {
		p.before = 0
	}
}

// durations count traces by how long they took, in buckets of which each power of two
// has 16.
type durations struct {
	now, before counts
}

type counts struct {
	buckets map[uint16]uint32
	n       uint32
}

const bucketBits = 4

func bucket(micros int64) uint16 {
	v := uint64(max(micros, 0))
	if v < 1<<(bucketBits+1) {
		return uint16(v)
	}
	shift := bits.Len64(v) - bucketBits - 1
	return uint16(shift<<bucketBits + int(v>>shift))
}

func (d *durations) add(micros int64) {
	if d.now.buckets == nil {
		d.now.buckets = map[uint16]uint32{}
	}
	d.now.buckets[bucket(micros)]++
	d.now.n++
}

func (d *durations) turn(twice bool) {
	d.before, d.now = d.now, counts{}
	if twice {
		d.before = counts{}
	}
}

// slowest says whether a trace is among the slowest share of those before it: it returns
// how many traces it stands for, 0 if it is not. Where the share ends within a bucket,
// the trace's place decides, so that the share is that of traces that all take the same
// time too. Before there are as many as make a share of one, nobody knows.
func (d *durations) slowest(micros int64, share, place float64) (of float64) {
	all := float64(d.now.n) + float64(d.before.n)
	if all*share < 1 {
		return 0
	}
	b := bucket(micros)
	var above, same uint32
	for _, c := range []*counts{&d.now, &d.before} {
		for at, n := range c.buckets {
			if at > b {
				above += n
			}
		}
		same += c.buckets[b]
	}
	switch left := share*all - float64(above); {
	case left <= 0:
		return 0
	case left >= float64(same):
		return 1
	case place > 1-left/float64(same): // the other end from that of the probability
		return float64(same) / left
	}
	return 0
}
