package findings

import (
	"cmp"
	"slices"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
)

// gapShare is the part of the root's time from which a hole is a gap.
const gapShare = 0.1

// hole is time of a point's own on the path, beside what is below it.
type hole struct {
	owner, before, after int32 // the neighbours on the path below owner; 0: none
	took                 int64
}

// holes are those of one sort: below points that are alike, before points that
// are alike.
type holes struct {
	list []hole
	took int64
}

func (s *holes) add(h hole) {
	s.list = append(s.list, h)
	s.took += h.took
}

func (s *holes) owners() []int32 {
	list := make([]int32, len(s.list))
	for k := range s.list {
		list[k] = s.list[k].owner
	}
	return list
}

// pieces are n holes that are too short to be gaps, below points that are alike. There
// may be as many as points, so only their owners are kept.
type pieces struct {
	owners []int32
	took   int64
	n      int
}

// gaps finds where nothing was recorded: a point has others below it, and yet a
// long time of its own. Many holes that are too short to be gaps are work of the
// point itself.
func (t *tree) gaps() (list []candidate) {
	sorts := pool[holes]{}
	small := make([]pieces, len(t.keys.list)) // holes too short for a gap, by the key of the owner
	for k := range t.path.len() {
		h, ok := t.hole(k)
		switch {
		case !ok:
		case t.short(&h):
			s := &small[t.nodes[h.owner].key]
			s.took += h.took
			s.n++
		default:
			next := int32(0)
			if h.after > 0 {
				next = t.nodes[h.after].key
			}
			all, _ := sorts.of(t.nodes[h.owner].key, next)
			all.add(h)
		}
	}
	for k := range t.path.len() {
		if h, ok := t.hole(k); ok && t.short(&h) {
			if s := &small[t.nodes[h.owner].key]; t.isBusy(s.took) {
				s.owners = append(slices.Grow(s.owners, s.n-len(s.owners)), h.owner)
			}
		}
	}
	for i := range small {
		if s := &small[i]; len(s.owners) > 0 {
			list = append(list, candidate{weight: s.took, members: s.owners, uses: own, say: func() Finding { return t.sayBusy(s) }})
		}
	}
	for _, s := range sorts.list {
		if s.took < micros(t.o.MinGap) || t.share(s.took) < max(gapShare, t.o.MinShare) {
			continue
		}
		slices.SortStableFunc(s.list, func(a, b hole) int { return cmp.Compare(b.took, a.took) })
		list = append(list, candidate{weight: s.took, members: s.owners(), uses: own, say: func() Finding { return t.sayGap(s) }})
	}
	return list
}

// hole is what a section of the path leaves between points below its own, false if it
// leaves nothing that needs a word.
func (t *tree) hole(k int) (h hole, ok bool) {
	owner := t.path.nodes[k]
	n := &t.nodes[owner]
	if n.index == none || n.own == n.onPath || n.is(open) {
		return h, false
	}
	h = hole{owner: owner, took: t.path.to(k) - t.path.from[k]}
	if k > 0 {
		h.before = t.childAbove(t.path.nodes[k-1], owner)
	}
	if k+1 < t.path.len() {
		h.after = t.childAbove(t.path.nodes[k+1], owner)
	}
	retried := h.before > 0 && h.after > 0 && t.nodes[h.before].is(triedAgain) && t.nodes[h.before].key == t.nodes[h.after].key
	return h, !retried // that is the pause before a retry
}

// short says whether a hole is too short to be a gap by itself.
func (t *tree) short(h *hole) bool { return 10*h.took < micros(t.o.MinGap) }

func (t *tree) isBusy(took int64) bool {
	return took >= micros(t.o.MinTime) && t.share(took) >= max(slowShare, t.o.MinShare)
}

// childAbove is the child of owner that a node is or is below, 0 if it is not
// below owner.
func (t *tree) childAbove(i, owner int32) int32 {
	if i <= owner || i >= t.nodes[owner].end {
		return 0
	}
	for t.nodes[i].parent != owner {
		i = t.nodes[i].parent
	}
	return i
}

func (t *tree) sayGap(s *holes) Finding {
	h := s.list[0]
	n := &t.nodes[h.owner]
	f := Finding{
		Kind: Gap, Points: t.points([]int32{h.owner}), Count: len(s.list), Confidence: Measured,
		Took: span(s.took), Share: t.share(s.took), Signature: t.signature(Gap, []int32{h.owner}, t.place(&h)),
		Because: "the time is measured, what happened in it is not: a point around the work there would say",
	}
	for _, c := range []int32{h.after, h.before} {
		if c > 0 {
			f.Points = append(f.Points, t.point(&t.nodes[c]))
		}
	}
	if t.onItsWay(&h) {
		return t.sayOnItsWay(s, f)
	}
	f.Text = "nothing was recorded "
	if len(s.list) > 1 {
		f.Text += "in " + figures.Grouped(len(s.list)) + " places, the longest " + figures.Duration(span(h.took)) + ", "
	}
	f.Text += t.place(&h) + ": " + t.amount(s.took)
	if h.after > 0 && t.keys.list[t.nodes[h.after].key].group == layer.SQL.Group && n.kind != layer.Client {
		f.Text += "; it may have waited for a connection of the pool"
		f.Because = "waiting for a connection is not recorded, and neither is the program's own work"
	}
	return f
}

// onItsWay says whether a hole is between the two sides of a call.
func (t *tree) onItsWay(h *hole) bool {
	if t.nodes[h.owner].kind != layer.Client {
		return false
	}
	return h.after > 0 && t.nodes[h.after].kind == layer.Server || h.before > 0 && t.nodes[h.before].kind == layer.Server
}

func (t *tree) sayOnItsWay(s *holes, f Finding) Finding {
	h := s.list[0]
	f.Kind = Waiting
	f.Signature = t.signature(Waiting, []int32{h.owner}, t.place(&h))
	f.Text = t.titleOf(h.owner)
	if len(s.list) > 1 {
		f.Text = t.title(t.nodes[h.owner].key) + times(len(s.list)) + in(t.point(&t.nodes[h.owner]).Service)
	}
	if h.after > 0 {
		f.Text += " waited to be served by " + t.titleOf(h.after)
	} else {
		f.Text += " waited for the answer after " + t.titleOf(h.before) + " had ended"
	}
	f.Text += ": " + t.amount(s.took)
	f.Because = "the network, a queue before the server, or a process that did not get to run: which of them is not recorded"
	return f
}

// sayBusy is about a point that took long itself, a little here and there.
func (t *tree) sayBusy(s *pieces) Finding {
	owner := s.owners[0]
	return Finding{
		Kind: Slow, Points: t.points([]int32{owner}), Count: 1, Confidence: Measured,
		Took: span(s.took), Share: t.share(s.took), Signature: t.signature(Slow, []int32{owner}, "itself"),
		Text:    t.titleOf(owner) + " itself, in " + figures.Grouped(s.n) + " pieces beside what is below it: " + t.amount(s.took),
		Because: "the time is what the points below it leave; each piece is too short to be a gap",
	}
}

// place says where a hole is.
func (t *tree) place(h *hole) string {
	owner := t.titleOf(h.owner)
	switch {
	case h.before > 0 && h.after > 0:
		return "between " + t.title(t.nodes[h.before].key) + " and " + t.title(t.nodes[h.after].key) + " below " + owner
	case h.after > 0:
		return "before " + t.title(t.nodes[h.after].key) + " below " + owner
	case h.before > 0:
		return "after " + t.title(t.nodes[h.before].key) + " below " + owner
	}
	return "below " + owner
}
