package report

import (
	"strings"

	"github.com/sonde-go/sonde/internal/terminal"
)

// columns are the widths of the waterfall's columns; 0 leaves one out.
type columns struct {
	label, figure, service, bar int
}

const (
	figureWidth   = 8
	narrowestBar  = 10
	widestBar     = 80
	widestService = 16
)

// layOut divides the width: the bars get what the labels do not need, but at
// least a third of what both have.
func (t *textWriter) layOut(lines []textLine) columns {
	c := columns{figure: figureWidth}
	label := len("point")
	for _, l := range lines {
		label = max(label, terminal.Width(l.guide)+terminal.Width(l.label))
		c.service = max(c.service, terminal.Width(l.service))
	}
	c.service = min(c.service, widestService, t.o.Width/6)
	rest := t.o.Width - 2*(1+c.figure)
	if c.service > 0 {
		c.service = max(c.service, len("service"))
		rest -= 2 + c.service
	}
	if rest >= 3*narrowestBar {
		c.bar = min(widestBar, max(rest/3, rest-label-2))
		rest -= 2 + c.bar
	}
	c.label = rest
	return c
}

// textLine is a row or a remark of the waterfall, not yet cut.
type textLine struct {
	row     *row // nil: a remark, only label counts
	guide   string
	label   string
	service string
	color   string
}

func (t *textWriter) waterfall(rs *rows) {
	lines := t.lines(rs)
	c := t.layOut(lines)
	slowest := rs.slowest()
	t.out.WriteByte('\n')
	head := terminal.Left("point", c.label) + " " + terminal.Right("total", c.figure) + " " + terminal.Right("self", c.figure)
	if c.service > 0 {
		head += "  " + terminal.Left("service", c.service)
	}
	if c.bar > 0 {
		head += "  " + t.scale(c.bar)
	}
	t.line(dim, strings.TrimRight(head, " "))
	for _, l := range lines {
		if l.row == nil {
			t.line(l.color, l.guide+l.label)
			continue
		}
		t.row(&l, c, l.row == slowest)
	}
	if n := int(rs.hidden[len(rs.Points)]); n > 0 {
		t.line(dim, "… "+counted(n, "more point"))
	}
	var hidden int
	for _, n := range rs.hidden {
		hidden += int(n)
	}
	if hidden > 0 {
		more := ""
		if t.o.More != "" {
			more = "; " + t.o.More
		}
		t.line(yellow, "left out: "+counted(hidden, "point")+more)
	}
}

// scale labels the bars: the beginning and the end.
func (t *textWriter) scale(width int) string {
	end := human(t.Duration())
	return terminal.Left("0", width-terminal.Width(end)) + end
}

func (t *textWriter) row(l *textLine, c columns, slowest bool) {
	p := &t.Points[l.row.point]
	guide := terminal.Cut(l.guide, c.label)
	name := terminal.Left(l.label, c.label-terminal.Width(guide))
	total, self := human(l.row.total), human(l.row.self)
	switch {
	case !p.HasStop:
		total, self = "no stop", ""
	case !p.HasStart:
		total, self = "no start", ""
	}
	total, self = terminal.Right(total, c.figure), terminal.Right(self, c.figure)
	if slowest {
		name, self = t.paint(bold, name), t.paint(bold, self)
	}
	if !p.HasStop || !p.HasStart {
		total = t.paint(yellow, total)
	}
	line := t.paint(dim, guide) + t.paint(l.color, name) + " " + total + " " + self
	if c.service > 0 {
		line += "  " + t.paint(dim, terminal.Left(l.service, c.service))
	}
	if c.bar > 0 {
		color := cyan
		switch {
		case l.row.failed:
			color = red
		case slowest:
			color = yellow
		}
		if bar := strings.TrimRight(t.bar(l.row, c.bar), " "); bar != "" {
			line += "  " + t.paint(color, bar)
		}
	}
	t.out.WriteString(strings.TrimRight(line, " "))
	t.out.WriteByte('\n')
}

// The parts of a bar: time of the point's own, time in which a point below it
// ran, and time after the start of a point that has no stop.
const (
	barSelf, barBelow, barOpen = '█', '─', '░'
)

// bar draws when the points of a row ran, on a line as long as the trace.
func (t *textWriter) bar(w *row, width int) string {
	cells := make([]rune, width)
	for i := range cells {
		cells[i] = ' '
	}
	paint := func(from, to int64, r rune) {
		scale := float64(width) / float64(max(1, t.ended))
		first := int(float64(from) * scale)
		last := int(float64(to)*scale + 0.999)
		first = max(0, min(width-1, first))
		for i := first; i < max(first+1, min(width, last)); i++ {
			cells[i] = r
		}
	}
	for _, m := range w.members {
		p := &t.Points[m]
		switch {
		case !p.HasStop:
			paint(p.started, t.ended, barOpen)
			continue
		case p.stopped <= p.started:
			paint(p.started, p.started, barSelf)
			continue
		}
		paint(p.started, p.stopped, barSelf)
		for i := p.child; i != none; i = t.Points[i].next {
			t.carve(cells, p, &t.Points[i])
		}
	}
	return string(cells)
}

// carve marks the cells of a parent's bar that a child fills from end to end.
func (t *textWriter) carve(cells []rune, parent, child *Point) {
	scale := float64(len(cells)) / float64(max(1, t.ended))
	from := int(float64(max(parent.started, child.started))*scale + 0.999)
	to := int(float64(min(parent.stopped, child.stopped)) * scale)
	for i := max(0, from); i < min(len(cells), to); i++ {
		cells[i] = barBelow
	}
}
