package findings

import (
	"cmp"
	"slices"

	"github.com/sonde-go/sonde/layer"
)

// sections are the parts of the critical path: each a node with the microsecond from
// which everything waited for it, up to that of the next one. There may be more of
// them than nodes, so they take little memory.
type sections struct {
	nodes []int32
	from  []int64
	end   int64 // of the last
}

func (s *sections) len() int { return len(s.nodes) }

func (s *sections) to(k int) int64 {
	if k+1 < len(s.from) {
		return s.from[k+1]
	}
	return s.end
}

// frame is a node on the path, in the part of its time that the root waited for.
type frame struct {
	node  int32
	low   int64
	at    int64 // all after it is accounted for
	slack int64
	kids  []int32 // that it may have waited for, the last to end first
}

// walkPath cuts the root's time into sections. It goes back from the end: what a
// node waited for last is its child that ended last, and when that one began, its
// child that had ended last by then. What remains is the node's own.
//
// A child that ends when another begins counts as having ended, and so does one
// that ends a little later, by the slack. It takes n log n time for siblings'
// order, and no stack.
func (t *tree) walkPath() {
	root := &t.nodes[t.root]
	t.path = sections{nodes: make([]int32, 0, 2*len(t.nodes)), from: make([]int64, 0, 2*len(t.nodes)), end: root.to}
	stack := []frame{t.frame(t.root, root.from, root.to)}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		n := &t.nodes[f.node]
		next := int32(-1)
		for len(f.kids) > 0 && next < 0 {
			k := f.kids[0]
			f.kids = f.kids[1:]
			if c := &t.nodes[k]; t.endOf(c, n) <= f.at+f.slack && c.from < f.at {
				next = k
			}
		}
		if next < 0 {
			t.section(f.node, f.low, f.at)
			stack = stack[:len(stack)-1]
			continue
		}
		c := &t.nodes[next]
		to := min(t.endOf(c, n), f.at)
		from := max(c.from, f.low)
		if to <= from {
			continue
		}
		t.section(f.node, to, f.at)
		f.at, f.slack = from, t.slack(n)
		stack = append(stack, t.frame(next, from, to))
	}
	slices.Reverse(t.path.nodes)
	slices.Reverse(t.path.from)
	t.shareOut()
	for i := len(t.nodes) - 1; i > 0; i-- {
		n := &t.nodes[i]
		n.onPath += n.own
		t.nodes[n.parent].onPath += n.onPath
	}
	t.nodes[0].onPath += t.nodes[0].own
}

// frame begins a node on the path. Where its time is cut short, what ran at the
// cut is what was waited for, however much later it ended. What has not ended is
// waited for rather than what ended last.
func (t *tree) frame(i int32, low, top int64) frame {
	n := &t.nodes[i]
	f := frame{node: i, low: low, at: top, slack: max(t.slack(n), n.to-top)}
	for c := range t.children(i) {
		k := &t.nodes[c]
		if t.awaited(k, n) && k.from < top && k.to > low && k.from < k.to {
			f.kids = append(f.kids, c)
		}
	}
	slices.SortFunc(f.kids, func(a, b int32) int {
		x, y := &t.nodes[a], &t.nodes[b]
		if c := cmp.Compare(t.endOf(y, n), t.endOf(x, n)); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(y.flags&(open|openBelow), x.flags&(open|openBelow)), cmp.Compare(x.from, y.from), t.point(x).CompareID(t.point(y)))
	})
	return f
}

// awaited says whether a node may have waited for one below it: not for a message
// to be handled.
func (t *tree) awaited(below, n *node) bool {
	if n.index == none && t.point(below).ParentID() != t.base {
		return false
	}
	return below.kind != layer.Consumer && (n.kind != layer.Producer || below.kind == layer.Internal)
}

// endOf is when a node below n had ended for n. A call's other side may have gone on
// after its caller gave up, and was waited for until then.
func (t *tree) endOf(below, n *node) int64 {
	if n.index != none && n.kind == layer.Client && below.kind == layer.Server {
		return min(below.to, n.to)
	}
	return below.to
}

// section adds a part to the front of the path, which ends where the path begins.
func (t *tree) section(i int32, from, to int64) {
	if to <= from {
		return
	}
	t.nodes[i].own += to - from
	n := t.path.len()
	if n > 0 && t.path.nodes[n-1] == i {
		t.path.from[n-1] = from
		return
	}
	t.path.nodes, t.path.from = append(t.path.nodes, i), append(t.path.from, from)
}

// takePath gives the path away, with points in the place of nodes.
func (t *tree) takePath() sections {
	for k, i := range t.path.nodes {
		t.path.nodes[k] = t.nodes[i].index
	}
	return t.path
}

// none is the index of no point.
const none = -1
