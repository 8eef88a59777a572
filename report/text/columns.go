package text

import (
	"fmt"

	"github.com/sonde-go/sonde/internal/terminal"
)

// columns are the widths of the waterfall's columns; 0 leaves one out.
type columns struct {
	number, id, label, figure, path, service, bar int
}

const (
	figureWidth   = 8
	pathWidth     = 6
	narrowestBar  = 10
	widestBar     = 80
	widestService = 24
	leastLabel    = 28
	leastService  = 6

	idWidth = 8 // of the beginning of an id

	// How wide the text must be for the columns of the critical path and of ids.
	pathFrom = 100
	idFrom   = 120
)

// layOut divides the width. The bars get what the labels do not need; where it
// is narrow the labels lose the points' names, then the bars go, then the labels
// are cut, and the services last.
func (t *writer) layOut(lines []line) columns {
	c := columns{figure: figureWidth}
	for _, l := range lines {
		c.service = max(c.service, terminal.Width(l.service))
	}
	if len(t.evidence) > 0 {
		c.number = 1 + len(fmt.Sprint(t.numbered))
	}
	if t.width >= idFrom {
		c.id = idWidth + 2
	}
	rest := t.width - c.number - c.id - 2*(1+c.figure)
	if t.path.All > 0 && t.width >= pathFrom {
		c.path = pathWidth
		rest -= 1 + c.path
	}
	if c.service > 0 {
		c.service = min(max(c.service, len("service")), widestService, max(leastService, rest-leastLabel-2))
		rest -= 2 + c.service
	}
	bars := rest >= leastLabel+2+narrowestBar
	most := rest
	if bars {
		most = max(leastLabel, rest*2/3)
	}
	need := fit(lines, most)
	if bars || rest >= need+2+narrowestBar {
		c.bar = min(widestBar, max(narrowestBar, rest-min(need, most)-2))
		rest -= 2 + c.bar
	}
	c.label = rest
	for i := range lines {
		l := &lines[i]
		if left := c.label - terminal.Width(l.guide) - terminal.Width(l.tail); left < terminal.Width(l.label()) && left < leastLabel {
			l.tail = ""
		}
	}
	return c
}

// fit makes the labels shorter that are wider than most: all lose their names if
// one does not fit, and statements, which hardly ever fit, what they select. It
// returns what the widest needs.
func fit(lines []line, most int) (need int) {
	named := true
	for i := range lines {
		if l := &lines[i]; l.row != nil && !l.isSQL && l.wide() > most {
			named = false
		}
	}
	need = len("point")
	for i := range lines {
		l := &lines[i]
		if l.row == nil {
			continue
		}
		if !named && l.about != "" {
			l.name = ""
		}
		if l.isSQL && l.wide() > most {
			l.about = withoutColumns(l.about)
		}
		need = max(need, terminal.Width(l.guide)+terminal.Width(l.label())+terminal.Width(l.tail))
	}
	return need
}
