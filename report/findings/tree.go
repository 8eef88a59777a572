package findings

import (
	"cmp"
	"time"

	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
)

// tree is a report with its points in the order of a walk, so that a subtree is
// a range. Node 0 is no point: it stands above the roots.
type tree struct {
	r     *report.Report
	o     Options
	nodes []node
	keys  keys

	// While nodes are made: what points do whose contents were seen, and what the last
	// point and the one before it are about that had to be read.
	seen         report.Memo[does]
	here, before *subjects

	sources  []source
	sourceOf map[source]int32
	unsure   []bool // sources whose clock differs from others' by no one offset

	base    string // what the roots hang below
	root    int32  // 0 if there are several
	half    bool   // the root hangs below a point that is not there: its caller's
	orphans []int32
	end     int64 // the last moment that is known
	path    sections
}

// source is whose clock a point was recorded with.
type source struct{ service, host string }

type node struct {
	index     int32 // of the point, none of node 0
	parent    int32
	end       int32 // the subtree is the nodes up to here
	source    int32
	key       int32
	calls     int32 // calls in its subtree, itself included
	topFailed int32 // the highest node above that failed, 0 if none did
	kind      layer.Kind
	flags     flags
	from, to  int64 // microseconds, with corrected clocks; an open end is the tree's

	own    int64 // of the critical path
	onPath int64 // of the critical path, those below it included
}

type flags uint16

const (
	failed    flags = 1 << iota
	timedOut        // outcome
	cancelled       // outcome
	open            // no stop
	noStart
	several   // it stands for them
	call      // goes out: a query, a call, a message
	openBelow // something below it has no stop
	failedBelow
	triedAgain // failed, and an equal call followed
	jumped     // not all nodes between it and topFailed have failed
	mended     // failed, or is below what did, and was done again with success
)

func (n *node) is(f flags) bool { return n.flags&f != 0 }

func micros(d time.Duration) int64 { return int64(d / time.Microsecond) }

func span(micros int64) time.Duration {
	const most = int64(1<<63-1) / 1000
	return time.Duration(max(-most, min(most, micros))) * time.Microsecond
}

// point is that of a node, nil of node 0.
func (t *tree) point(n *node) *report.Point {
	if n.index == none {
		return nil
	}
	return t.r.At(int(n.index))
}

func newTree(r *report.Report, o Options) *tree {
	t := &tree{r: r, o: o, sourceOf: map[source]int32{}, keys: newKeys(), end: micros(r.Duration())}
	if !o.Now.IsZero() {
		t.end = max(t.end, micros(o.Now.Sub(r.Began())))
	}
	t.nodes = make([]node, 1, r.Len()+1)
	t.nodes[0] = node{index: none, parent: -1, key: t.keys.of(keyText{}, nil), end: 1}
	statements := new(sqltext.Cache)
	t.here, t.before = newSubjects(r, statements), newSubjects(r, statements)
	at := []int32{0} // the nodes above, by depth
	for p := range r.Walk() {
		i := int32(len(t.nodes))
		parent := at[p.Depth]
		at = append(at[:p.Depth+1], i)
		t.nodes = append(t.nodes, t.node(p, parent))
		if o.Read != nil {
			o.Read(p, t.here.View)
		}
	}
	t.seen, t.here, t.before = report.Memo[does]{}, nil, nil
	for i := int32(len(t.nodes)) - 1; i > 0; i-- {
		n := &t.nodes[i]
		if n.source != t.nodes[n.parent].source && n.kind == layer.Server && t.nodes[n.parent].kind == layer.Unspecified && n.parent > 0 {
			t.nodes[n.parent].flags |= call // a call of a layer that nobody has described
		}
		if n.is(call) {
			n.calls++
		}
		above := &t.nodes[n.parent]
		above.end = max(above.end, n.end)
		above.calls += n.calls
		if n.is(open | openBelow) {
			above.flags |= openBelow
		}
		if n.is(failed | failedBelow) {
			above.flags |= failedBelow
		}
	}
	t.chooseRoot()
	return t
}

func (t *tree) node(p *report.Point, parent int32) node {
	n := node{index: int32(p.Index()), parent: parent, end: int32(len(t.nodes)) + 1, from: micros(p.Start()), to: micros(p.Stop())}
	if !p.HasStop {
		n.to = t.end
	}
	n.to = max(n.from, n.to)
	above := &t.nodes[parent]
	if n.topFailed = above.topFailed; n.topFailed == 0 && above.is(failed) {
		n.topFailed = parent
	}
	n.source = t.source(p)
	what, known := t.seen.Of(p)
	if !known || what.serves {
		t.here, t.before = t.before, t.here
		t.here.At(p)
		*what = t.does(p, parent)
	}
	n.kind, n.flags, n.key = what.kind, what.flags, what.key
	if n.topFailed != 0 && (above.is(jumped) || !above.is(failed)) {
		n.flags |= jumped
	}
	if p.Repeated() != nil {
		n.flags |= several
	}
	return n
}

// does is what follows from a point's contents alone.
type does struct {
	kind   layer.Kind
	flags  flags
	key    int32
	serves bool // HTTP: it names its caller too
}

// does reads what the next node, which is here, does.
func (t *tree) does(p *report.Point, parent int32) does {
	d := does{kind: t.here.Kind(), serves: t.here.Layer() == layer.HTTPServer}
	if !p.HasStop {
		d.flags |= open
	}
	if !p.HasStart {
		d.flags |= noStart
	}
	if _, _, bad := t.here.Failure(); bad {
		d.flags |= failed
	}
	switch string(t.here.Outcome()) {
	case "timeout":
		d.flags |= timedOut
	case "cancelled", "canceled":
		d.flags |= cancelled
	}
	if d.kind == layer.Client || d.kind == layer.Producer {
		d.flags |= call
	}
	d.key = t.identify(p, parent, d.kind)
	return d
}

// source numbers the one who recorded a point, most often that of the node above or
// before.
func (t *tree) source(p *report.Point) int32 {
	if n := &t.nodes[len(t.nodes)-1]; n.index != none && t.point(n).Origin == p.Origin {
		return n.source
	}
	s := source{p.Service, p.Host}
	i, ok := t.sourceOf[s]
	if !ok {
		i = int32(len(t.sources))
		t.sources = append(t.sources, s)
		t.sourceOf[s] = i
	}
	return i
}

// chooseRoot finds what the time of the trace is measured by: the only point
// below the trace itself, and if there are several all of them. What hangs below
// a point that is not there counts only where nothing else does.
func (t *tree) chooseRoot() {
	t.base = t.r.Trace
	var tops []int32
	for i := range t.children(0) {
		p := t.point(&t.nodes[i])
		if t.base == "" {
			t.base = p.ParentID() // a report that was read from OSProfiler's form
		}
		if p.ParentID() == t.base {
			tops = append(tops, i)
		} else {
			t.orphans = append(t.orphans, i)
		}
	}
	if len(tops) == 0 {
		for _, i := range t.orphans {
			if n := &t.nodes[i]; t.root == 0 || n.to-n.from > t.nodes[t.root].to-t.nodes[t.root].from {
				t.root = i
			}
		}
	}
	if len(tops) == 1 {
		t.root = tops[0]
	}
	if len(tops) == 0 && len(t.orphans) == 1 {
		t.half, t.orphans = true, nil
	}
}

// settle gives node 0 its time, once clocks are corrected.
func (t *tree) settle() {
	top := &t.nodes[0]
	first := true
	for i := range t.children(0) {
		n := &t.nodes[i]
		if t.point(n).ParentID() != t.base || n.kind == layer.Consumer {
			continue
		}
		if first {
			top.from, top.to, first = n.from, n.to, false
		}
		top.from, top.to = min(top.from, n.from), max(top.to, n.to)
	}
}

// children yields the nodes right below i.
func (t *tree) children(i int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for c := i + 1; c < t.nodes[i].end; c = t.nodes[c].end {
			if !yield(c) {
				return
			}
		}
	}
}

// time is how long the root ran, in microseconds.
func (t *tree) time() int64 { return t.nodes[t.root].to - t.nodes[t.root].from }

func (t *tree) share(micros int64) float64 {
	if t.time() <= 0 {
		return 0
	}
	return float64(micros) / float64(t.time())
}

// matters says whether so much time is worth a word.
func (t *tree) matters(took int64) bool { return took > 0 && t.share(took) >= t.o.MinShare }

// slack is how much the children of a node may overlap, or stick out, and still
// be taken to run one after the other within it.
func (t *tree) slack(n *node) int64 {
	return max(10, min(micros(t.o.ClockBound), (n.to-n.from)/100))
}

// earlier sorts nodes by their beginning, and what began at once by its id, since
// the order in which records are stored says nothing.
func (t *tree) earlier(a, b int32) int {
	x, y := &t.nodes[a], &t.nodes[b]
	if x.from != y.from {
		return cmp.Compare(x.from, y.from)
	}
	return cmp.Or(cmp.Compare(x.to, y.to), t.point(x).CompareID(t.point(y)))
}
