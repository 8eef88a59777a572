package report

import (
	"strings"

	"github.com/sonde-go/sonde/internal/terminal"
)

// level is a list of rows of which the waterfall has written some.
type level struct {
	rows   []*row
	next   int
	hidden int32 // points below the parent that are not shown
}

// lines lays the shown rows in order, with their guides, and after a failed
// row what went wrong. It does not recur, since a trace may be deep.
func (t *textWriter) lines(rs *rows) (lines []textLine) {
	stack := []level{{rows: rs.children(rs.first)}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == len(top.rows) {
			if top.hidden > 0 {
				lines = append(lines, textLine{guide: t.guide(stack, "└ "), label: "… " + counted(int(top.hidden), "more point"), color: dim})
			}
			stack = stack[:len(stack)-1]
			continue
		}
		w := top.rows[top.next]
		top.next++
		p := &t.Points[w.point]
		l := textLine{row: w, label: label(p.Name, w), service: terminal.Clean(p.Service)}
		if w.failed {
			l.color = red
		}
		switch {
		case len(stack) == 1:
		case top.next < len(top.rows) || top.hidden > 0:
			l.guide = t.guide(stack, "├ ")
		default:
			l.guide = t.guide(stack, "└ ")
		}
		lines = append(lines, l)
		stack = append(stack, level{rows: rs.children(p.child), hidden: rs.hidden[w.point]})
		if etype, message, failed := t.Failure(p); failed {
			text := terminal.Clean(etype)
			if message != "" {
				text += ": " + terminal.Clean(message)
			}
			below := "  "
			if len(stack[len(stack)-1].rows) > 0 {
				below = "│ "
			}
			lines = append(lines, textLine{guide: t.guide(stack, below), label: "✗ " + text, color: red})
		}
	}
	return lines
}

// guide draws the lines of the tree before a row of the last level. Where that
// would take half of the width, the outer levels are left out.
func (t *textWriter) guide(stack []level, last string) string {
	most := max(2, t.o.Width/8)
	var b strings.Builder
	levels := stack[1 : len(stack)-1]
	if skip := len(levels) - most; skip > 0 {
		b.WriteString("⋯ ")
		levels = levels[skip:]
	}
	for _, l := range levels {
		if l.next < len(l.rows) || l.hidden > 0 {
			b.WriteString("│ ")
		} else {
			b.WriteString("  ")
		}
	}
	return b.String() + last
}
