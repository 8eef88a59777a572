package text

import (
	"strings"
	"time"
)

// The parts of a bar: time of the point's own, time in which a point below it
// ran, and time after the start of a point that has no stop.
const (
	barSelf, barBelow, barOpen = '█', '─', '░'
)

// bar draws when the points of a row ran, on a line as long as the trace.
func (rs *rows) bar(w *row, width int, style string) []cell {
	cells := []rune(strings.Repeat(" ", width))
	scale := float64(width) / float64(max(1, rs.length()))
	paint := func(from, to time.Duration, r rune) {
		first := int((float64(from) - float64(rs.from)) * scale)
		last := int((float64(to)-float64(rs.from))*scale + 0.999)
		first = max(0, min(width-1, first))
		for i := first; i < max(first+1, min(width, last)); i++ {
			cells[i] = r
		}
	}
	for _, at := range rs.of(w) {
		n := &rs.nodes[at]
		switch {
		case n.open && !rs.point(n).HasStop:
			paint(n.from, rs.to, barOpen)
			continue
		case n.to <= n.from:
			paint(n.from, n.from, barSelf)
			continue
		}
		paint(n.from, n.to, barSelf)
		for c := range rs.children(n.child) { // what a child fills from end to end
			from := int((float64(max(n.from, rs.nodes[c].from))-float64(rs.from))*scale + 0.999)
			to := int((float64(min(n.to, rs.nodes[c].to)) - float64(rs.from)) * scale)
			for i := max(0, from); i < min(width, to); i++ {
				cells[i] = barBelow
			}
		}
	}
	drawn := strings.TrimRight(string(cells), " ")
	body := strings.TrimLeft(drawn, " ")
	return []cell{fixed(plain, drawn[:len(drawn)-len(body)]), fixed(style, body)}
}
