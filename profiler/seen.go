package profiler

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"

	"github.com/sonde-go/sonde/header"
)

// seen remembers the traces, and the points in them, that have sent requests. Its
// two tables are set-associative: the hash of an id selects a small set, in which
// the id replaces the least recently used one. So a request touches few cache lines
// and allocates nothing. The hash has a secret key, so nobody can choose ids that
// share a set.
type seen struct {
	seed   maphash.Seed
	key    uint64
	traces [seenSets][seenWays]seenTrace
	pairs  [seenSets][seenWays]seenPair
}

const (
	seenSets = 4096
	seenWays = 4
)

type seenTrace struct {
	hash  uint64
	used  int64 // on the limiter's clock
	tally *tally
}

// seenPair is a base id and a parent id. The one whose bucket will be full first
// makes room: it was used least recently or least often, and a full bucket holds no
// information.
type seenPair struct {
	hash   uint64
	bucket bucket
}

func newSeen() *seen { return &seen{seed: maphash.MakeSeed(), key: rand.Uint64()} }

// hash returns the hashes of a request's trace and of the pair of its ids.
func (s *seen) hash(in header.Info) (base, pair uint64) {
	base = s.hashID(&in.BaseID)
	parent := base
	if !in.ParentID.IsZero() {
		parent = s.hashID(&in.ParentID)
	}
	return base, bits.RotateLeft64(base, 32) + parent
}

func (s *seen) hashID(id *header.ID) uint64 {
	u, ok := id.UUID()
	if !ok {
		return maphash.Comparable(s.seed, *id)
	}
	high, low := bits.Mul64(binary.LittleEndian.Uint64(u[:8])^s.key, binary.LittleEndian.Uint64(u[8:])^bits.RotateLeft64(s.key, 32))
	return high ^ low
}

// trace returns the place of a trace or, if it is not known, the place that it may
// take.
func (s *seen) trace(hash uint64) (place *seenTrace, known bool) {
	set := &s.traces[hash%seenSets]
	place = &set[0]
	for i := range set {
		if set[i].hash == hash && set[i].tally != nil {
			return &set[i], true
		}
		if set[i].used < place.used {
			place = &set[i]
		}
	}
	return place, false
}

// pair returns the bucket of a pair, which is full if the pair is not known.
func (s *seen) pair(hash uint64) *bucket {
	set := &s.pairs[hash%seenSets]
	place := &set[0]
	for i := range set {
		if set[i].hash == hash {
			return &set[i].bucket
		}
		if set[i].bucket < place.bucket {
			place = &set[i]
		}
	}
	*place = seenPair{hash: hash}
	return &place.bucket
}
