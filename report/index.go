package report

import "hash/maphash"

// index finds a point by its trace id: an open-addressing table with linear
// probing, at most half full. Each trace has its own seed, so that nobody can
// choose ids that collide.
type index struct {
	seed  maphash.Seed
	slots []slot
	used  int
}

// slot holds a part of the hash, so that most ids that differ are not compared.
type slot struct {
	hash  uint32
	point int32 // +1; 0 is a free slot
}

func newIndex() *index { return &index{seed: maphash.MakeSeed(), slots: make([]slot, 64)} }

// find returns the point with this id, or -1, and the hash and the place to pass to
// add.
func (x *index) find(points []Point, id string) (point int32, hash uint32, at int) {
	hash = uint32(maphash.String(x.seed, id))
	mask := len(x.slots) - 1
	for at = int(hash) & mask; ; at = (at + 1) & mask {
		s := x.slots[at]
		if s.point == 0 {
			return -1, hash, at
		}
		if s.hash == hash && points[s.point-1].ID == id {
			return s.point - 1, hash, at
		}
	}
}

// add stores a point at the place where find has missed it.
func (x *index) add(point int32, hash uint32, at int) {
	x.slots[at] = slot{hash, point + 1}
	if x.used++; 2*x.used <= len(x.slots) {
		return
	}
	old := x.slots
	x.slots = make([]slot, 2*len(old))
	mask := len(x.slots) - 1
	for _, s := range old {
		if s.point == 0 {
			continue
		}
		at := int(s.hash) & mask
		for x.slots[at].point != 0 {
			at = (at + 1) & mask
		}
		x.slots[at] = s
	}
}
