package text

import (
	"strings"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
)

// line is a row or a remark of the waterfall, clean and not yet cut.
type line struct {
	row   *row // nil: a remark, only guide, about and style count
	guide string

	// The label: the points' name, how many there are, and what they have been
	// about. There may be no name, or nothing about them.
	name, count, about string
	calls              bool // the work goes out
	isSQL              bool

	tail    string // after the label, dropped where there is no room
	service string
	style   string
}

// label is what a row shows. Without the name an arrow says that work goes out.
func (l *line) label() string {
	if l.name == "" && l.calls {
		return "→ " + join(l.count, l.about)
	}
	return join(join(l.name, l.count), l.about)
}

// wide is how many columns guide, label and tail of several points take.
func (l *line) wide() int {
	columns := terminal.Width(l.guide) + terminal.Width(l.label())
	if l.count != "" {
		columns += terminal.Width(l.tail)
	}
	return columns
}

// level is a list of rows of which the waterfall has written some.
type level struct {
	rows    []int32
	next    int
	remarks []string // about what is not shown below the parent
}

func (l *level) more() bool { return l.next < len(l.rows) || len(l.remarks) > 0 }

// lines lays the shown rows in order, with their guides, and after a failed
// row what went wrong. It does not recur, since a trace may be deep.
func (t *writer) lines(rs *rows) (lines []line) {
	stack := []level{{rows: rs.shown(0, rs.roots)}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == len(top.rows) {
			for i, remark := range top.remarks {
				guide := "├ "
				if i == len(top.remarks)-1 {
					guide = "└ "
				}
				lines = append(lines, line{guide: t.guide(stack, guide), about: remark, style: dim})
			}
			stack = stack[:len(stack)-1]
			continue
		}
		w := &rs.list[top.rows[top.next]]
		top.next++
		n := rs.node(w)
		l := t.describe(rs, w)
		if n.failed {
			l.style = red
		}
		switch {
		case len(stack) == 1:
		case top.more():
			l.guide = t.guide(stack, "├ ")
		default:
			l.guide = t.guide(stack, "└ ")
		}
		lines = append(lines, l)
		stack = append(stack, level{rows: rs.shown(w.first, w.last), remarks: rs.remarks(w)})
		if n.failed && !rs.handedOn(w) {
			below := "  "
			if stack[len(stack)-1].more() {
				below = "│ "
			}
			lines = append(lines, line{guide: t.guide(stack, below), about: "✗ " + rs.error(n), style: red})
		}
	}
	return lines
}

// remarks say what is not shown below a row: what there is no room for, and what was too
// short for records.
func (rs *rows) remarks(w *row) (list []string) {
	if w.hidden.points > 0 {
		list = append(list, w.hidden.String())
	}
	if rs.Points() == rs.Len() { // all have records
		return list
	}
	sums := map[string]*report.Stat{}
	var names []string
	for _, n := range rs.of(w) {
		for _, s := range rs.point(&rs.nodes[n]).Short() {
			sum := sums[s.Name]
			if sum == nil {
				sum = &report.Stat{}
				sums[s.Name] = sum
				names = append(names, s.Name)
			}
			sum.Count += s.Count
			sum.Self = saturate.Add(sum.Self, s.Self)
		}
	}
	if len(names) == 0 {
		return list
	}
	var all report.Stat
	var words []string
	for i, name := range names {
		s := sums[name]
		all.Count += s.Count
		all.Self = saturate.Add(all.Self, s.Self)
		if i < mostShort {
			words = append(words, cleanName(name)+" ×"+figures.Grouped(s.Count))
		}
	}
	if more := len(names) - mostShort; more > 0 {
		words = append(words, figures.Grouped(more)+" more")
	}
	return append(list, "+ too short for records: "+strings.Join(words, ", ")+", "+figures.Duration(all.Self))
}

// mostShort is how many names of short points a remark has.
const mostShort = 3

// handedOn reports whether a row shown below a failed one failed with the same
// message, which is then shown there.
func (rs *rows) handedOn(w *row) bool {
	etype, message := rs.failure(rs.node(w))
	for _, i := range rs.shown(w.first, w.last) {
		below := rs.node(&rs.list[i])
		if !below.failed {
			continue
		}
		if e, m := rs.failure(below); e == etype && m == message {
			return true
		}
	}
	return false
}

// error is that of a node that failed, in words.
func (t *tree) error(n *node) string {
	etype, message := t.failure(n)
	text := terminal.Clean(etype)
	if message != "" {
		text += ": " + terminal.Clean(message)
	}
	return text
}

// describe returns the line of a row, without what depends on neighbouring lines.
func (t *writer) describe(rs *rows, w *row) line {
	n := rs.node(w)
	detail := rs.detail(n)
	kind := rs.view.Kind()
	l := line{
		row: w, name: name(rs.point(n)), tail: t.tail(rs, w), service: terminal.Clean(rs.point(n).Service),
		calls: kind == layer.Client || kind == layer.Producer, isSQL: rs.view.Layer() == layer.SQL,
	}
	if w.times > 1 {
		l.count = "×" + figures.Grouped(w.times)
		detail = rs.common(w, detail, shapeOf(detail, l.isSQL))
	}
	l.about = rs.labels.short(detail)
	return l
}

// common is the detail of all of several points, or its shape if they differ in
// literals.
func (rs *rows) common(w *row, detail, shape string) string {
	if shape == detail {
		return detail
	}
	for _, i := range rs.of(w) {
		if n := &rs.nodes[i]; n.several && rs.point(n).Repeated().Differ {
			return shape
		}
	}
	for _, i := range rs.of(w)[1:] {
		if rs.view.At(rs.point(&rs.nodes[i])); string(rs.view.Detail()) != detail {
			return shape
		}
	}
	return detail
}

// tail says which of several points was the longest, and what attributes of its
// own a single one has.
func (t *writer) tail(rs *rows, w *row) string {
	switch {
	case w.times == 1:
		return attributes(rs.Report, rs.point(rs.node(w)))
	case w.longest > 0:
		return " ≤ " + figures.Duration(w.longest)
	}
	return ""
}

// guide draws the lines of the tree before a row of the last level. Where that
// would take half of the width, the outer levels are left out.
func (t *writer) guide(stack []level, last string) string {
	most := max(2, t.width/8)
	var b strings.Builder
	levels := stack[1 : len(stack)-1]
	if skip := len(levels) - most; skip > 0 {
		b.WriteString("⋯ ")
		levels = levels[skip:]
	}
	for _, l := range levels {
		if l.more() {
			b.WriteString("│ ")
		} else {
			b.WriteString("  ")
		}
	}
	return b.String() + last
}
