package text

import (
	"cmp"
	"slices"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
)

// mostStats is how many names the table has if rows are limited at all.
const mostStats = 20

// stats writes the table by name, the one with the most time of its own first.
func (t *writer) stats(r *report.Report) {
	list := slices.Clone(r.Stats)
	slices.SortStableFunc(list, func(a, b report.Stat) int { return cmp.Compare(b.Self, a.Self) })
	left := 0
	if t.MaxRows > 0 && len(list) > mostStats+1 {
		left = len(list) - mostStats
		list = list[:mostStats]
	}
	const numbers = 4 * (1 + figureWidth)
	names := len("name")
	for _, s := range list {
		names = max(names, terminal.Width(cleanName(s.Name)))
	}
	names = min(names, t.width-numbers)
	row := func(style, name string, columns ...string) {
		t.left(names, flex(style, name))
		for _, f := range columns {
			t.skip(1)
			t.right(figureWidth, fixed(style, f))
		}
		t.end()
	}
	t.end()
	row(dim, "name", "count", "total", "self", "max")
	for _, s := range list {
		row(plain, cleanName(s.Name), figures.Grouped(s.Count), figures.Duration(s.Total), figures.Duration(s.Self), figures.Duration(s.Max))
	}
	if left > 0 {
		t.line(fixed(dim, "… "+figures.Counted(left, "more name")))
	}
}
