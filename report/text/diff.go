package text

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/profile"
)

// WriteDiff writes what differs between two groups of traces: in words, and then
// path by path. It is to a difference what [Write] is to a report.
func WriteDiff(w io.Writer, d *diff.Diff, o report.Options) error {
	t := newWriter(o)
	t.paragraph(bold, terminal.Clean(d.Text), maxParagraph)
	t.causes(d.Causes)
	t.changes(d.Changes)
	t.unended("before", d.Before)
	t.unended("after", d.After)
	_, err := w.Write(t.out.Bytes())
	return err
}

// mostCauses is how many causes are said in words, the last in maxParagraph lines.
const mostCauses = 5

func (t *writer) causes(list []diff.Cause) {
	t.end()
	if len(list) == 0 {
		t.line(fixed(plain, "nothing differs that matters"))
		return
	}
	shown := list[:min(len(list), mostCauses)]
	kinds := 0
	for _, c := range shown {
		kinds = max(kinds, len(c.Kind))
	}
	for i, c := range shown {
		t.put(fixed(bold, fmt.Sprint(i+1)))
		t.skip(1)
		t.left(kinds+1, fixed(bold, string(c.Kind)))
		t.paragraph(plain, terminal.Clean(c.Text), 3)
	}
	if n := len(list) - len(shown); n > 0 {
		t.line(fixed(dim, "… "+figures.Counted(n, "more difference")))
	}
}

const (
	countWidth = 6
	// How wide the text must be for the columns of these figures.
	totalFrom = 72
	p95From   = 120
	p50From   = 150
	selfFrom  = 180
)

// changes is the table of paths.
func (t *writer) changes(list []diff.Change) {
	type column struct {
		name  string
		width int
		of    func(diff.Side) string
	}
	duration := func(of func(diff.Side) time.Duration) func(diff.Side) string {
		return func(s diff.Side) string {
			if s.Traces == 0 {
				return "–"
			}
			return figures.Duration(of(s))
		}
	}
	columns := []column{
		{"count", countWidth, func(s diff.Side) string { return figures.Mean(s.Count) }},
	}
	for _, more := range []struct {
		from int
		column
	}{
		{totalFrom, column{"total", figureWidth, duration(func(s diff.Side) time.Duration { return s.Total })}},
		{selfFrom, column{"self", figureWidth, duration(func(s diff.Side) time.Duration { return s.Self })}},
		{p50From, column{"p50", figureWidth, duration(func(s diff.Side) time.Duration { return s.P50 })}},
		{p95From, column{"p95", figureWidth, duration(func(s diff.Side) time.Duration { return s.P95 })}},
	} {
		if t.width >= more.from {
			columns = append(columns, more.column)
		}
	}
	t.end()
	t.right(figureWidth+1, fixed(dim, "adds"))
	for _, c := range columns {
		t.skip(2)
		t.right(c.width, fixed(dim, c.name))
		t.skip(3 + c.width)
	}
	t.skip(2)
	t.line(fixed(dim, "path"))
	shown := list
	if t.MaxRows > 0 && len(list) > mostStats+1 {
		shown = list[:mostStats]
	}
	var paths []*profile.Path
	for i := range shown {
		paths = append(paths, shown[i].Path)
	}
	services := several(paths)
	for i := range shown {
		c := &shown[i]
		style := plain
		switch {
		case c.New(), c.Contribution > 0:
			style = red
		case c.Gone(), c.Contribution < 0:
			style = cyan
		}
		t.right(figureWidth+1, fixed(style, diff.Signed(c.Contribution)))
		for _, column := range columns {
			t.skip(2)
			t.right(column.width, fixed(plain, column.of(c.Before)))
			t.put(fixed(dim, " → "))
			t.left(column.width, fixed(plain, column.of(c.After)))
		}
		t.skip(2)
		t.did(c.Path, services, true)
		t.end()
	}
	t.morePaths(len(list) - len(shown))
}

func (t *writer) morePaths(n int) {
	if n == 0 {
		return
	}
	more := ""
	if t.More != "" {
		more = "; " + t.More
	}
	t.line(fixed(dim, "… "+figures.Counted(n, "more path")+more))
}

// did writes what points did, their service, and if there is room what they are
// below.
func (t *writer) did(p *profile.Path, services, above bool) {
	room := t.width - t.at
	title, service := terminal.Clean(p.Title), ""
	if services && p.Service != "" {
		service = " (" + terminal.CutMiddle(terminal.Clean(p.Service), widestService) + ")"
	}
	if terminal.Width(title)+terminal.Width(service) > room && len(title)-len(withoutColumns(title)) > leastColumns {
		title = withoutColumns(title)
	}
	left := max(0, room-terminal.Width(title)-terminal.Width(service))
	t.left(room-left, flex(plain, title), fixed(dim, service))
	if above && p.Above != nil && left >= leastLabel/2 {
		t.put(flex(dim, " < "+terminal.Clean(p.Above.Title)))
	}
}

// leastColumns is how long a list of columns is, in bytes, that is left out first:
// shorter ones tell queries of a table apart.
const leastColumns = 16

// several reports whether paths are of more than one service.
func several(paths []*profile.Path) bool {
	return slices.ContainsFunc(paths, func(p *profile.Path) bool { return p.Service != paths[0].Service })
}

// unended says that traces were compared that have not ended.
func (t *writer) unended(which string, p *profile.Profile) {
	if n := p.Unfinished; n > 0 {
		if which != "" {
			which += ": "
		}
		t.end()
		t.paragraph(yellow, fmt.Sprintf("%s%s of %s did not end: their times are those until their last records", which, figures.Grouped(n), figures.Counted(p.Traces, "trace")), maxParagraph)
	}
}
