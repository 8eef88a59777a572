package report

// Memo remembers what follows from the contents of points, that is from their origin
// and from what their records say besides ids and times: most points of a large trace
// have the contents of another one. It is for the points of one report, and forgets
// what was not asked for lately. It is not safe for concurrent use.
type Memo[V any] struct{ slots []memorized[V] }

type memorized[V any] struct {
	contents
	value V
}

// contents are equal only if points say the same.
type contents struct {
	origin            *Origin
	start, stop       stored
	hasStart, hasStop bool
}

const memoBits = 12

// Of returns the place of what was worked out for p's contents, and whether it was.
// The caller fills in what was not, before the next call; there may be what was worked
// out for other contents, whose memory can be used again.
func (m *Memo[V]) Of(p *Point) (value *V, known bool) {
	if m.slots == nil {
		m.slots = make([]memorized[V], 1<<memoBits)
	}
	is := contents{p.Origin, p.start, p.stop, p.HasStart, p.HasStop}
	const spread = 0x9e3779b97f4a7c15 // the golden ratio
	slot := &m.slots[(uint64(p.start)*spread^uint64(p.stop))*spread>>(64-memoBits)]
	if slot.contents == is {
		return &slot.value, true
	}
	slot.contents = is
	return &slot.value, false
}
