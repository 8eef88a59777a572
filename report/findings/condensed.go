package findings

import (
	"time"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/report"
)

// count is how many points the nodes stand for.
func (t *tree) count(members []int32) (n int) {
	for _, m := range members {
		n += t.times(&t.nodes[m])
	}
	return n
}

// standsFor says what a node stands for if that is several, see [report.Point.Repeated].
func (t *tree) standsFor(n *node) *report.Repeated {
	if !n.is(several) {
		return nil
	}
	return t.point(n).Repeated()
}

// times is how many points a node stands for.
func (t *tree) times(n *node) int {
	if r := t.standsFor(n); r != nil {
		return r.Count
	}
	return 1
}

// each is how long a node took; of one that stands for several, how long one of them
// did on average.
func (t *tree) each(n *node) int64 {
	if r := t.standsFor(n); r != nil {
		return micros(r.Total / time.Duration(r.Count))
	}
	return n.to - n.from
}

// longest is how long the longest did that a node stands for, of its time on the path.
func (t *tree) longest(n *node) int64 {
	if r := t.standsFor(n); r != nil {
		return min(n.onPath, micros(r.Max))
	}
	return n.onPath
}

// shareOut corrects the path where points stand for several: it knows only when the
// first of those began and the last ended. The time of all such siblings is divided
// among them and the point above by how long each took, in as many turns as they may
// have had.
func (t *tree) shareOut() {
	if t.r.Points() == t.r.Len() {
		return
	}
	before := t.path
	t.path = sections{nodes: make([]int32, 0, before.len()), from: make([]int64, 0, before.len()), end: before.end}
	shares := map[int32]*turns{} // by the point above
	left := 10_000 + 4*int64(len(t.nodes))
	of := func(above int32) *turns {
		if shares[above] == nil {
			shares[above] = t.turnsOf(above)
		}
		return shares[above]
	}
	divide := func(s *turns, i, above int32, from, to int64) {
		if to <= from {
			return
		}
		parts := int64(len(s.members)) + 1
		rounds := max(1, min(s.rounds*(to-from)/s.sum, left/parts))
		left -= rounds * parts
		t.nodes[i].own -= to - from
		t.takeTurnsOf(s, above, from, to, rounds)
	}
	for k, i := range before.nodes {
		from, to := before.from[k], before.to(k)
		if t.nodes[i].is(several) {
			if above := t.nodes[i].parent; len(of(above).members) <= mostSharing {
				divide(of(above), i, above, from, to)
				continue
			}
			t.append(i, from)
			continue
		}
		// What the path takes for the node's own may be within such a point's time too.
		s := of(i)
		if len(s.members) == 0 || len(s.members) > mostSharing {
			t.append(i, from)
			continue
		}
		for _, span := range s.spans {
			low, high := max(from, span[0]), min(to, span[1])
			if low >= high {
				continue
			}
			if from < low {
				t.append(i, from)
			}
			divide(s, i, i, low, high)
			from = high
		}
		if from < to {
			t.append(i, from)
		}
	}
}

// turns is how the time of siblings that each stand for several is divided.
type turns struct {
	members []int32
	took    []int64
	spans   [][2]int64 // when they ran, in order
	sum     int64      // of took and the rest
	rounds  int64
}

const (
	mostRounds  = 100 // in which the time of one point's children is divided
	mostSharing = 16  // children that do
)

func (t *tree) turnsOf(above int32) *turns {
	s := &turns{rounds: 1}
	covered := int64(0)
	for c := range t.children(above) {
		n := &t.nodes[c]
		r := t.standsFor(n)
		if r == nil {
			continue
		}
		s.members, s.took = append(s.members, c), append(s.took, t.took(n))
		s.sum += t.took(n)
		s.rounds = max(s.rounds, min(mostRounds, int64(r.Count)))
		if last := len(s.spans) - 1; last >= 0 && n.from <= s.spans[last][1] {
			covered += max(0, n.to-s.spans[last][1])
			s.spans[last][1] = max(s.spans[last][1], n.to)
		} else {
			covered += n.to - n.from
			s.spans = append(s.spans, [2]int64{n.from, n.to})
		}
	}
	s.sum = max(1, s.sum, covered)
	return s
}

// takeTurnsOf divides a section.
func (t *tree) takeTurnsOf(s *turns, above int32, from, to, rounds int64) {
	length, at := float64(to-from), from
	part := func(i int32, end int64) {
		if end > at {
			t.append(i, at)
			t.nodes[i].own += end - at
			at = end
		}
	}
	for round := range rounds {
		done := float64(round) * float64(s.sum)
		for k, m := range s.members {
			done += float64(s.took[k])
			part(m, min(to, from+int64(length*(done/float64(s.sum)/float64(rounds)))))
		}
		part(above, from+int64(length*(float64(round+1)/float64(rounds))))
	}
	part(above, to)
}

// append adds a section to the end of the path.
func (t *tree) append(i int32, from int64) {
	if n := t.path.len(); n > 0 && t.path.nodes[n-1] == i {
		return
	}
	t.path.nodes, t.path.from = append(t.path.nodes, i), append(t.path.from, from)
}

// took is for how much of its time a node ran that stands for several.
func (t *tree) took(n *node) int64 { return min(n.to-n.from, micros(t.standsFor(n).Total)) }

// blindFor says what the services have left out on purpose.
func (t *tree) blindFor() (list []string) {
	short := 0
	if t.r.Points() > t.r.Len() {
		for i := range t.nodes[1:] {
			for _, s := range t.point(&t.nodes[i+1]).Short() {
				short += s.Count
			}
		}
	}
	if short > 0 {
		list = append(list, figures.Counted(short, "point")+" too short to be written: how many there were and how long they took is known, no more")
	}
	for k, name := range t.r.Off() {
		if k == 0 {
			list = append(list, "switched off in a service, so its points are missing: "+shorten(name))
		} else {
			list[len(list)-1] += ", " + shorten(name)
		}
	}
	return list
}
