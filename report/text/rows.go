package text

import (
	"cmp"
	"slices"
	"time"

	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/report"
)

// row is a line of the waterfall: a point, or several whose subtrees are equal.
type row struct {
	from, to    int32 // the points that it stands for, the first of them first: see rows.of
	parent      int32 // row
	first, last int32 // the rows below it, by their first points: from first up to last

	total, self, longest time.Duration
	times                int // how many points that is, those without records included

	finding   int  // number of the first finding of which it tells most, 0 if there is none
	important bool // failed, without an end, or evidence
	shown     bool

	// What is not shown below it, as far as it is the nearest that is shown.
	hidden hidden
}

type hidden struct {
	points int
	took   time.Duration
}

func (h *hidden) add(points int, took time.Duration) {
	h.points += points
	h.took = saturate.Add(h.took, took)
}

const (
	// foldFrom is how many siblings that are alike become one row.
	foldFrom = 3

	// screenful is how many rows are shown however short they are.
	screenful = 24

	// shortShare is the part of the trace's time below which a row counts as
	// short, and shortFrom how many short rows below another give way to a
	// remark.
	shortShare = 200
	shortFrom  = 3
)

// rows decides what the waterfall shows.
type rows struct {
	*tree
	list   []row  // each after its parent
	roots  int32  // how many there are, the first of the list
	hidden hidden // among the roots

	ids    []int32 // room for the nodes of rows
	counts []int32 // scratch of fold, by class: nodes
	made   []int32 // and its row so far
}

// newRows folds siblings that are alike and, if there are more than most rows,
// leaves out those that matter least where that saves lines. If most is 0, all are
// shown.
func newRows(t *tree, evidence map[*report.Point]int, most int) *rows {
	rs := &rows{tree: t, ids: make([]int32, 0, len(t.nodes)), counts: make([]int32, t.classes+1), made: make([]int32, t.classes+1)}
	rs.fold(none, slices.Collect(t.children(t.first)))
	rs.roots = int32(len(rs.list))
	var below []int32
	for i := 0; i < len(rs.list); i++ {
		below = below[:0]
		for _, n := range rs.of(&rs.list[i]) {
			below = slices.AppendSeq(below, t.children(t.nodes[n].child))
		}
		rs.list[i].first = int32(len(rs.list))
		rs.fold(int32(i), below)
		rs.list[i].last = int32(len(rs.list))
	}
	rs.sumUp(evidence)
	rs.choose(most)
	rs.spare()
	rs.countHidden()
	return rs
}

// fold makes the rows of the nodes below a row. Below one that stands for
// several points there is one row for each class.
func (rs *rows) fold(parent int32, below []int32) {
	always := parent != none && rs.list[parent].count() > 1
	for _, n := range below {
		class := rs.nodes[n].class
		rs.counts[class]++
		rs.made[class] = none
	}
	for _, n := range below {
		class := rs.nodes[n].class
		count := rs.counts[class]
		if !always && count < foldFrom {
			count = 1
		} else if i := rs.made[class]; i != none {
			rs.ids[rs.list[i].to] = n
			rs.list[i].to++
			continue
		}
		from := int32(len(rs.ids))
		rs.ids = rs.ids[:from+count]
		rs.ids[from] = n
		rs.made[class] = int32(len(rs.list))
		rs.list = append(rs.list, row{from: from, to: from + 1, parent: parent})
	}
	for _, n := range below {
		rs.counts[rs.nodes[n].class] = 0
	}
}

// of are the points that a row stands for.
func (rs *rows) of(w *row) []int32 { return rs.ids[w.from:w.to] }

// node is the first of them.
func (rs *rows) node(w *row) *node { return &rs.nodes[rs.ids[w.from]] }

// count is how many points a row stands for.
func (w *row) count() int { return int(w.to - w.from) }

func (rs *rows) sumUp(evidence map[*report.Point]int) {
	proves := make([]bool, rs.Len()) // by the index of the point
	for p := range evidence {
		proves[p.Index()] = true
	}
	for i := range rs.list {
		w := &rs.list[i]
		for _, at := range rs.of(w) {
			n := &rs.nodes[at]
			times, took, longest := rs.took(n)
			w.total = saturate.Add(w.total, took)
			w.self = saturate.Add(w.self, n.self)
			w.longest = max(w.longest, longest)
			w.times += times
			w.important = w.important || proves[n.index] || n.failed || n.open
			if proves[n.index] {
				if number := evidence[rs.point(n)]; number > 0 && (w.finding == 0 || number < w.finding) {
					w.finding = number
				}
			}
		}
	}
}

// choose marks the rows that are shown: those that matter first, then those
// with the most time of their own, each with all that is above it.
func (rs *rows) choose(most int) {
	short := rs.short(most)
	if most <= 0 || len(rs.list) <= most {
		for i := range rs.list {
			rs.list[i].shown = !short[i]
		}
		return
	}
	order := make([]int32, 0, len(rs.list))
	for i := range rs.list {
		if !short[i] {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(i, j int32) int {
		a, b := &rs.list[i], &rs.list[j]
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(b.self, a.self))
	})
	var path []*row
	for _, i := range order {
		path = path[:0]
		for i != none && !rs.list[i].shown && len(path) <= most {
			path = append(path, &rs.list[i])
			i = rs.list[i].parent
		}
		if len(path) > most {
			continue // too deep for what is left
		}
		for _, w := range path {
			w.shown = true
		}
		if most -= len(path); most == 0 {
			return
		}
	}
}

// rank is 0 for what a finding points at, 1 for what matters, 2 for all else.
func (w *row) rank() int {
	switch {
	case w.finding > 0:
		return 0
	case w.important:
		return 1
	}
	return 2
}

// short finds the rows that give way to a remark because they, and all rows below
// them, take next to no time. There are none if there is no limit or if all rows
// fit on a screen.
func (rs *rows) short(most int) []bool {
	short := make([]bool, len(rs.list))
	if most <= 0 || len(rs.list) <= screenful {
		return short
	}
	limit := rs.length() / shortShare
	lines := make([]int, len(rs.list)) // short ones below each
	for i := len(rs.list) - 1; i >= 0; i-- {
		w := &rs.list[i]
		short[i] = !w.important && w.total < limit
		for c := w.first; c < w.last; c++ {
			short[i] = short[i] && short[c]
		}
		if short[i] && w.parent != none {
			lines[w.parent] += 1 + lines[i]
		}
	}
	for i := range rs.list {
		if parent := rs.list[i].parent; short[i] {
			short[i] = parent != none && (short[parent] || lines[parent] >= shortFrom)
		}
	}
	return short
}

// nearest is the shown row at or above each, none where there is none.
func (rs *rows) nearest() []int32 {
	nearest := make([]int32, len(rs.list))
	for i := range rs.list {
		switch w := &rs.list[i]; {
		case w.shown:
			nearest[i] = int32(i)
		case w.parent == none:
			nearest[i] = none
		default:
			nearest[i] = nearest[w.parent]
		}
	}
	return nearest
}

// spare shows hidden rows that would take no more lines than the remarks about
// them: the only one below a row, and all of them if the remarks, with the one below
// the waterfall, would take as many lines.
func (rs *rows) spare() {
	nearest := rs.nearest()
	below := make([]int32, len(rs.list)+1) // of each, the roots' at the end
	at := func(i int) *int32 {
		if n := nearest[i]; n != none {
			return &below[n]
		}
		return &below[len(rs.list)]
	}
	left, remarks := 0, 0
	for i := range rs.list {
		if !rs.list[i].shown {
			if *at(i)++; *at(i) == 1 {
				remarks++
			}
			left++
		}
	}
	for i := range rs.list {
		w := &rs.list[i]
		w.shown = w.shown || *at(i) == 1 || left <= remarks+1
	}
}

func (rs *rows) countHidden() {
	for i, n := range rs.nearest() {
		w := &rs.list[i]
		if w.shown {
			continue
		}
		took := w.total
		if w.parent != none && !rs.list[w.parent].shown {
			took = 0 // it is in that of the row above
		}
		if n == none {
			rs.hidden.add(w.times, took)
		} else {
			rs.list[n].hidden.add(w.times, took)
		}
	}
}

// shown returns those rows of a range that are shown.
func (rs *rows) shown(from, to int32) (shown []int32) {
	for i := from; i < to; i++ {
		if rs.list[i].shown {
			shown = append(shown, i)
		}
	}
	return shown
}
