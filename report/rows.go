package report

import (
	"cmp"
	"slices"
	"time"
)

// row is a line of the waterfall: a point, or several that are alike.
type row struct {
	point   int32   // the first of them
	members []int32 // all of them
	total   time.Duration
	self    time.Duration
	detail  string
	failed  bool
	shown   bool
}

// foldFrom is how many siblings that are alike become one row.
const foldFrom = 3

// rows decides what the waterfall shows.
type rows struct {
	*Report
	list []row
	of   []int32 // number in list, by point

	// How many points are not shown below each point, as far as it is the
	// nearest that is shown; the last is for the roots.
	hidden []int32
}

// newRows folds siblings that are alike and, if there are more rows than most,
// leaves out those that matter least, where that saves lines. most 0 shows all.
func newRows(r *Report, most int) *rows {
	rs := &rows{Report: r, of: make([]int32, len(r.Points)), hidden: make([]int32, len(r.Points)+1)}
	rs.fold(r.first)
	for i := range r.walk() {
		rs.fold(r.Points[i].child)
	}
	rs.choose(most)
	rs.spare()
	rs.countHidden()
	return rs
}

// alike is what the points of one row have in common. They have no children.
type alike struct {
	name, detail, service, etype, message string
	hasStart, hasStop                     bool
}

// fold makes the rows of a list of siblings.
func (rs *rows) fold(first int32) {
	var keys []alike
	count := map[alike]int{}
	for i := first; i != none; i = rs.Points[i].next {
		p := &rs.Points[i]
		key := alike{name: p.Name, service: p.Service, hasStart: p.HasStart, hasStop: p.HasStop, detail: rs.Detail(p)}
		key.etype, key.message, _ = rs.Failure(p)
		keys = append(keys, key)
		if p.child == none {
			count[key]++
		}
	}
	heads := map[alike]int32{}
	for n, i := 0, first; i != none; n, i = n+1, rs.Points[i].next {
		key := keys[n]
		folds := rs.Points[i].child == none && count[key] >= foldFrom
		head, ok := heads[key]
		if !ok || !folds {
			head = int32(len(rs.list))
			_, _, failed := rs.Failure(&rs.Points[i])
			rs.list = append(rs.list, row{point: i, detail: key.detail, failed: failed})
			if folds {
				heads[key] = head
			}
		}
		w := &rs.list[head]
		w.members = append(w.members, i)
		w.total = sum(w.total, rs.Points[i].Duration())
		w.self = sum(w.self, rs.Points[i].Self())
		rs.of[i] = head
	}
}

// slowest is the row with the most time of its own, nil if none has any.
func (rs *rows) slowest() *row {
	var slowest *row
	for i := range rs.list {
		if w := &rs.list[i]; w.self > 0 && (slowest == nil || w.self > slowest.self) {
			slowest = w
		}
	}
	return slowest
}

// choose marks the rows that are shown: those that failed and those with the
// most time of their own first, each with all that is above it.
func (rs *rows) choose(most int) {
	if most <= 0 || len(rs.list) <= most {
		for i := range rs.list {
			rs.list[i].shown = true
		}
		return
	}
	order := make([]*row, len(rs.list))
	for i := range rs.list {
		order[i] = &rs.list[i]
	}
	slices.SortStableFunc(order, func(a, b *row) int {
		if a.failed != b.failed {
			if a.failed {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.self, a.self)
	})
	var path []*row
	for _, w := range order {
		path = path[:0]
		for !w.shown && len(path) <= most {
			path = append(path, w)
			parent := rs.Points[w.point].parent
			if parent == none {
				break
			}
			w = &rs.list[rs.of[parent]]
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

// nearest is the shown point at or above each, the number of points where there
// is none.
func (rs *rows) nearest() []int32 {
	nearest := make([]int32, len(rs.Points))
	for i := range rs.walk() {
		parent := rs.Points[i].parent
		switch {
		case rs.list[rs.of[i]].shown:
			nearest[i] = i
		case parent == none:
			nearest[i] = int32(len(rs.Points))
		default:
			nearest[i] = nearest[parent]
		}
	}
	return nearest
}

// spare shows the rows that would not take more lines than the remarks that
// they are hidden: the only one below a row, and all of them if one line each
// and one below the waterfall say so.
func (rs *rows) spare() {
	nearest := rs.nearest()
	below := make([]int32, len(rs.Points)+1)
	hidden, remarks := 0, 0
	for i := range rs.list {
		if w := &rs.list[i]; !w.shown {
			n := nearest[w.point]
			if below[n]++; below[n] == 1 {
				remarks++
			}
			hidden++
		}
	}
	for i := range rs.list {
		w := &rs.list[i]
		w.shown = w.shown || below[nearest[w.point]] == 1 || hidden <= remarks+1
	}
}

func (rs *rows) countHidden() {
	for i, n := range rs.nearest() {
		if p := &rs.Points[i]; p.Depth >= 0 && n != int32(i) {
			rs.hidden[n]++
		}
	}
}

// children yields the shown rows below a point, or the roots.
func (rs *rows) children(first int32) (list []*row) {
	for i := first; i != none; i = rs.Points[i].next {
		if w := &rs.list[rs.of[i]]; w.shown && w.point == i {
			list = append(list, w)
		}
	}
	return list
}
