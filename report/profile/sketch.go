package profile

import (
	"maps"
	"math"
	"math/bits"
	"slices"
	"time"
)

// sketch counts durations in buckets, of which each power of two has 128: a
// quantile is off by 1/256 at most, and those below 256 µs are exact. It takes no
// more memory than all buckets do, some 7,000.
type sketch struct {
	counts   map[uint16]uint32
	n        int
	min, max int64 // microseconds
}

const bucketBits = 7

// bucket is that of a duration: the power of two, and the bits after the first.
func bucket(v int64) uint16 {
	if v < 1<<(bucketBits+1) {
		return uint16(v)
	}
	shift := bits.Len64(uint64(v)) - bucketBits - 1
	return uint16(shift<<bucketBits + int(v>>shift))
}

// middle is the middle of a bucket.
func middle(b uint16) int64 {
	if b < 1<<(bucketBits+1) {
		return int64(b)
	}
	shift := int(b)>>bucketBits - 1
	low := int64(int(b)-shift<<bucketBits) << shift
	return low + int64(1)<<shift/2
}

// addSeveral adds durations of which their sum and the longest are known: the others
// count as if they were equal.
func (s *sketch) addSeveral(total, longest time.Duration, n int) {
	longest = min(longest, total)
	s.add(int64(longest/time.Microsecond), 1)
	if n > 1 {
		s.add(int64((total-longest)/time.Duration(n-1)/time.Microsecond), n-1)
	}
}

// add adds a duration of n points.
func (s *sketch) add(v int64, n int) {
	v = max(0, v)
	if s.counts == nil {
		s.counts = map[uint16]uint32{}
		s.min = v
	}
	s.counts[bucket(v)] += uint32(n)
	s.n += n
	s.min, s.max = min(s.min, v), max(s.max, v)
}

func (s *sketch) merge(other *sketch) {
	if other.n == 0 {
		return
	}
	if s.counts == nil {
		s.counts = map[uint16]uint32{}
		s.min = other.min
	}
	for b, n := range other.counts {
		s.counts[b] += n
	}
	s.n += other.n
	s.min, s.max = min(s.min, other.min), max(s.max, other.max)
}

// quantile is the least value that q of all do not exceed.
func (s *sketch) quantile(q float64) time.Duration {
	if s.n == 0 {
		return 0
	}
	rank := max(1, int(math.Ceil(q*float64(s.n)-1e-9)))
	for _, b := range slices.Sorted(maps.Keys(s.counts)) {
		if rank -= int(s.counts[b]); rank <= 0 {
			return micros(min(max(middle(b), s.min), s.max))
		}
	}
	return micros(s.max)
}

func micros(n int64) time.Duration {
	return time.Duration(min(n, math.MaxInt64/1000)) * time.Microsecond
}
