package text

import (
	"cmp"
	"slices"
	"time"

	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// none is the index of no node and of no row.
const none = -1

// node is a point of the tree.
type node struct {
	index               int32 // of the point
	parent, child, next int32
	class               int32 // of its subtree, see classify
	failed              bool
	open                bool // the end is missing, or the beginning
	several             bool // it stands for several points: see report.Point.Repeated

	// When it ran, by the corrected clock.
	from, to, self time.Duration
}

func (n *node) length() time.Duration { return saturate.Add(n.to, -n.from) }

// point is that of a node.
func (t *tree) point(n *node) *report.Point { return t.At(int(n.index)) }

// took is how many points a node stands for, their time, and that of the longest.
func (t *tree) took(n *node) (times int, all, longest time.Duration) {
	if n.several {
		r := t.point(n).Repeated()
		return r.Count, r.Total, r.Max
	}
	return 1, n.length(), n.length()
}

// tree is what the roots lead to, each node before its children.
type tree struct {
	*report.Report
	nodes    []node
	first    int32 // root
	classes  int32 // how many there are
	labels   *labels
	from, to time.Duration

	view *report.View // of the node that was asked for last
}

// newTree makes the tree of a report whose points c has read.
func newTree(r *report.Report, c *classifier, now time.Time) *tree {
	t := &tree{Report: r, nodes: make([]node, 0, r.Len()), first: none, labels: c.labels, to: r.Duration(), view: r.NewView()}
	if !now.IsZero() && r.Unfinished() > 0 {
		t.to = max(t.to, now.Sub(r.Began()))
	}
	var above []int32                 // the way down to the node before
	lastRoot := int32(none)           // so far
	last := make([]int32, 0, r.Len()) // child so far, by node
	for p := range r.Walk() {
		i := int32(len(t.nodes))
		n := node{index: int32(p.Index()), parent: none, child: none, next: none, from: p.Start(), to: p.Stop(), self: p.Self()}
		n.open, n.several = !p.HasStart || !p.HasStop, p.Repeated() != nil
		n.class, n.failed = c.points[i].class, c.points[i].failed
		before := &lastRoot
		if above = above[:p.Depth]; len(above) > 0 {
			n.parent = above[len(above)-1]
			before = &last[n.parent]
		}
		switch {
		case *before != none:
			t.nodes[*before].next = i
		case n.parent != none:
			t.nodes[n.parent].child = i
		default:
			t.first = i
		}
		*before = i
		above = append(above, i)
		last = append(last, none)
		t.nodes = append(t.nodes, n)
	}
	c.classify(t)
	t.classes = c.classes
	return t
}

// detail is what a node was about, as stored.
func (t *tree) detail(n *node) string {
	t.view.At(t.point(n))
	return string(t.view.Detail())
}

// failure is the error of a node that failed, as stored.
func (t *tree) failure(n *node) (etype, message string) {
	t.view.At(t.point(n))
	e, m, _ := t.view.Failure()
	return string(e), string(m)
}

// length is how long the trace took.
func (t *tree) length() time.Duration { return saturate.Add(t.to, -t.from) }

// children yields the nodes that begin with the first of a list.
func (t *tree) children(first int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for i := first; i != none && yield(i); i = t.nodes[i].next {
		}
	}
}

// roots is how many roots there are.
func (t *tree) roots() (n int) {
	for range t.children(t.first) {
		n++
	}
	return n
}

// correct shifts the points recorded with clocks that are known to be wrong, and
// measures again what depends on that.
func (t *tree) correct(shifts []findings.Shift) {
	by := findings.Correction(shifts)
	if by == nil {
		return
	}
	for i := range t.nodes {
		n := &t.nodes[i]
		move := by(t.point(n))
		n.from, n.to = saturate.Add(n.from, move), saturate.Add(n.to, move)
		if i == 0 {
			t.from, t.to = n.from, n.to
		}
		t.from, t.to = min(t.from, n.from, n.to), max(t.to, n.from, n.to)
	}
	t.first = t.sort(t.first)
	for i := range t.nodes {
		n := &t.nodes[i]
		n.child = t.sort(n.child)
		covered, until := time.Duration(0), n.from
		for c := range t.children(n.child) {
			from, to := max(t.nodes[c].from, until), min(t.nodes[c].to, n.to)
			if to > from {
				covered += to - from
				until = to
			}
		}
		n.self = t.point(n).SelfIn(n.length(), covered)
	}
}

// sort puts a list of siblings in the order in which they began.
func (t *tree) sort(first int32) int32 {
	list := slices.Collect(t.children(first))
	slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(t.nodes[a].from, t.nodes[b].from) })
	before := &first
	for _, i := range list {
		*before = i
		before = &t.nodes[i].next
	}
	*before = none
	return first
}
