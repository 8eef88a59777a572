package text

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
)

// waterfall writes the rows, each with its bar.
func (t *writer) waterfall(rs *rows) {
	lines := t.lines(rs)
	c := t.layOut(lines)
	t.end()
	t.skip(c.number)
	t.left(c.id, fixed(dim, "id"))
	t.left(c.label, fixed(dim, "point"))
	t.figures(c, fixed(dim, "total"), fixed(dim, "self"), fixed(dim, "path"))
	if c.service > 0 {
		t.skip(2)
		t.left(c.service, fixed(dim, "service"))
	}
	if c.bar > 0 { // as long as the trace
		end := figures.Duration(rs.length())
		t.skip(2)
		t.left(c.bar-terminal.Width(end), fixed(dim, "0"))
		t.put(fixed(dim, end))
	}
	t.end()
	slowest := rs.slowest()
	for _, l := range lines {
		if l.row == nil {
			t.skip(c.number + c.id)
			t.line(fixed(dim, l.guide), flex(l.style, l.about))
			continue
		}
		t.row(rs, &l, c, l.row == slowest)
	}
	t.leftOut(rs)
}

// leftOut says how many points are not shown.
func (t *writer) leftOut(rs *rows) {
	if rs.hidden.points > 0 {
		t.line(fixed(dim, rs.hidden.String()))
	}
	n := rs.hidden.points
	for i := range rs.list {
		n += rs.list[i].hidden.points
	}
	if n == 0 {
		return
	}
	more := ""
	if t.More != "" {
		more = "; " + t.More
	}
	t.line(fixed(yellow, "left out: "+figures.Counted(n, "point")+more))
}

func (h hidden) String() string {
	return "… " + figures.Grouped(h.points) + " more, " + figures.Duration(h.took)
}

// slowest is the row with the most time of its own, or nil if none has any.
func (rs *rows) slowest() *row {
	if len(rs.list) == 0 {
		return nil
	}
	slowest := &rs.list[0]
	for i := range rs.list {
		if w := &rs.list[i]; w.self > slowest.self {
			slowest = w
		}
	}
	return slowest
}

func (t *writer) figures(c columns, total, self, path cell) {
	t.skip(1)
	t.right(c.figure, total)
	t.skip(1)
	t.right(c.figure, self)
	if c.path > 0 {
		t.skip(1)
		t.right(c.path, path)
	}
}

func (t *writer) row(rs *rows, l *line, c columns, slowest bool) {
	w := l.row
	n := rs.node(w)
	if c.number > 0 {
		number := ""
		if w.finding > 0 {
			number = fmt.Sprint(w.finding)
		}
		t.left(c.number, fixed(bold, number))
	}
	if c.id > 0 {
		t.left(idWidth, fixed(dim, terminal.Clean(begin(rs.point(n).ID(), idWidth))))
		t.skip(2)
	}
	name, total, self := l.style, fixed(plain, figures.Duration(w.total)), fixed(plain, figures.Duration(w.self))
	bar := cyan
	if slowest {
		bar, self.style = yellow, bold
		name = cmp.Or(name, bold)
	}
	switch {
	case !rs.point(n).HasStop:
		total, self = fixed(yellow, "no stop"), fixed(plain, "")
	case !rs.point(n).HasStart:
		total, self = fixed(yellow, "no start"), fixed(plain, "")
	}
	if n.failed {
		bar = red
	}
	t.left(c.label, fixed(dim, l.guide), cell{text: l.label(), style: name, flex: true, end: l.isSQL && strings.Contains(l.about, "…")}, fixed(dim, l.tail))
	t.figures(c, total, self, fixed(plain, t.pathShare(rs, w)))
	if c.service > 0 {
		t.skip(2)
		t.left(c.service, flex(dim, l.service))
	}
	if c.bar > 0 {
		t.skip(2)
		t.put(rs.bar(w, c.bar, bar)...)
	}
	t.end()
}

// pathShare is the row's part of the critical path: the time in which everything
// waited for its points.
func (t *writer) pathShare(rs *rows, w *row) string {
	var took time.Duration
	for _, n := range rs.of(w) {
		took = saturate.Add(took, t.path.For(rs.point(&rs.nodes[n])))
	}
	if took <= 0 {
		return ""
	}
	return share(took, t.path.All)
}

// share is a part of a whole in percent.
func share(part, whole time.Duration) string {
	return figures.Share(float64(part) / float64(max(1, whole)))
}

// unreachable lists the points that are in no tree.
func (t *writer) unreachable(r *report.Report, l *labels) {
	var list []*report.Point
	for p := range r.Unreachable() {
		list = append(list, p)
	}
	if len(list) == 0 {
		return
	}
	t.end()
	t.line(fixed(yellow, "not reachable from a root, since their parents lead in a circle:"))
	left := 0
	if most := t.MaxRows; most > 0 && len(list) > most+1 { // a remark would hide one
		left = len(list) - most
		list = list[:most]
	}
	for _, p := range list {
		t.line(fixed(plain, "  "+figures.Duration(p.Duration())+"  "), flex(plain, join(name(p), l.short(r.Detail(p)))), fixed(dim, "  "+terminal.Clean(p.Service)))
	}
	if left > 0 {
		t.line(fixed(dim, "  … "+figures.Counted(left, "more point")))
	}
}

// begin is the beginning of an id.
func begin(id string, size int) string { return id[:min(len(id), size)] }
