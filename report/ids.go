package report

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"strings"

	"github.com/sonde-go/sonde/header"
)

// id is the number that a trace's index has given to an id of points: those that are
// UUIDs count from 0 up, all others from -1 down.
type id int32

// ids gives each id of a trace its number, and knows which point has it.
type ids struct {
	uuids [][]numbered // in chunks, all but the last of them full
	len   int32
	index index
	// recent are the ids that were asked for lately +1, by their hash: the next record is
	// most often of one of their points, and its parent is one too.
	recent [256]id

	texts  []string
	points []int32 // of the texts
	known  map[string]id
}

// numbered is a UUID with the point that has it, none if it is a parent's only.
type numbered struct {
	uuid  [16]byte
	point int32
}

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
)

func (x *ids) at(i id) *numbered { return &x.uuids[i>>chunkBits][i&(chunkSize-1)] }

// uuid returns the number of a UUID.
func (x *ids) uuid(u *[16]byte) id {
	hash := x.index.hash(u)
	recent := &x.recent[hash%uint32(len(x.recent))]
	if n := *recent - 1; n >= 0 && x.at(n).uuid == *u {
		return n
	}
	n := x.find(u, hash)
	*recent = n + 1
	return n
}

// find looks a UUID up in the index, and adds it if it is new.
func (x *ids) find(u *[16]byte, hash uint32) id {
	mask := len(x.index.slots) - 1
	at := int(hash) & mask
	for ; ; at = (at + 1) & mask {
		s := x.index.slots[at]
		if s.number == 0 {
			break
		}
		if s.hash == hash {
			if n := id(s.number - 1); x.at(n).uuid == *u {
				return n
			}
		}
	}
	n := id(x.len)
	if n&(chunkSize-1) == 0 {
		x.uuids = append(x.uuids, newChunk[numbered](len(x.uuids)))
	}
	last := &x.uuids[len(x.uuids)-1]
	*last = append(*last, numbered{*u, none})
	x.len++
	x.index.add(slot{hash, int32(n) + 1}, at)
	return n
}

// text returns the number of an id in any form.
func (x *ids) text(s string) id {
	if parsed, err := header.ParseID(s); err == nil {
		if u, ok := parsed.UUID(); ok {
			return x.uuid(&u)
		}
	}
	if n, ok := x.known[s]; ok {
		return n
	}
	if x.known == nil {
		x.known = map[string]id{}
	}
	s = strings.Clone(s)
	x.texts, x.points = append(x.texts, s), append(x.points, none)
	n := id(-len(x.texts))
	x.known[s] = n
	return n
}

// point is where the point that has an id is told.
func (x *ids) point(n id) *int32 {
	if n < 0 {
		return &x.points[-n-1]
	}
	return &x.at(n).point
}

func (x *ids) string(n id) string {
	if n < 0 {
		return x.texts[-n-1]
	}
	made, _ := header.FromUUID(x.at(n).uuid)
	var text [36]byte
	made.PutUUID(&text)
	return string(text[:])
}

// index is an open-addressing table with linear probing, at most half full. Each
// trace has its own seeds, so that nobody can choose ids that collide.
type index struct {
	seeds [2]uint64
	slots []slot
	used  int
}

// slot holds a part of the hash, so that most ids that differ are not compared.
type slot struct {
	hash   uint32
	number int32 // +1; 0 is a free slot
}

func newIndex() index {
	return index{seeds: [2]uint64{rand.Uint64(), rand.Uint64()}, slots: make([]slot, 64)}
}

func (x *index) hash(u *[16]byte) uint32 {
	high, low := bits.Mul64(binary.LittleEndian.Uint64(u[:8])^x.seeds[0], binary.LittleEndian.Uint64(u[8:])^x.seeds[1])
	return uint32(high ^ low)
}

// add stores a slot at the place where a search has missed it.
func (x *index) add(s slot, at int) {
	x.slots[at] = s
	if x.used++; 2*x.used <= len(x.slots) {
		return
	}
	old := x.slots
	x.slots = make([]slot, 2*len(old))
	mask := len(x.slots) - 1
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		at := int(s.hash) & mask
		for x.slots[at].number != 0 {
			at = (at + 1) & mask
		}
		x.slots[at] = s
	}
}
