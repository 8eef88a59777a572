package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/terminal"
)

// WriteText writes the report for a terminal: what took the most time, the
// points as a waterfall, and statistics by name. Points without children that
// are alike are one row. Whatever the records hold, only printable characters
// are written.
func (r *Report) WriteText(w io.Writer, o Options) error {
	if o.Width == 0 {
		o.Width = 100
	}
	o.Width = max(40, o.Width)
	t := textWriter{Report: r, o: o}
	t.head()
	if len(r.Points) > 0 {
		rs := newRows(r, o.MaxRows)
		t.callOut(rs)
		t.waterfall(rs)
		t.unreachable()
		t.stats()
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

type textWriter struct {
	*Report
	o   Options
	out bytes.Buffer
}

// The colours that are used, as ANSI's select graphic rendition.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	yellow = "33"
	cyan   = "36"
)

func (t *textWriter) paint(color, s string) string {
	if !t.o.Color || color == "" || strings.TrimSpace(s) == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// line writes one line of clean text, cut to the width.
func (t *textWriter) line(color, s string) {
	t.out.WriteString(t.paint(color, terminal.Cut(s, t.o.Width)))
	t.out.WriteByte('\n')
}

func (t *textWriter) head() {
	switch {
	case len(t.Points) == 0:
		t.line("", "no trace points")
	case t.BaseID == "":
		t.line("", t.summary())
	default:
		began := " at " + t.Began().Format("2006-01-02 15:04:05.000") + " UTC"
		id := "trace " + terminal.Clean(t.BaseID)
		t.line(bold, terminal.Cut(id, t.o.Width-len(began))+began)
		t.line("", t.summary())
	}
	if lost := t.Lost(); lost > 0 {
		t.line(yellow, "incomplete: "+counted(int(lost), "record")+" lost")
	}
	for _, w := range t.Warnings {
		t.line(yellow, fmt.Sprintf("warning: %s: %s; the first: %s", counted(w.Count, "record"), w.Problem, terminal.Clean(w.Example)))
	}
}

func (t *textWriter) summary() string {
	failed := 0
	for i := range t.Points {
		if _, _, ok := t.Failure(&t.Points[i]); ok {
			failed++
		}
	}
	parts := []string{
		human(t.Duration()),
		counted(len(t.Points), "point"),
		counted(len(t.Services()), "service"),
	}
	if failed > 0 {
		parts = append(parts, grouped(failed)+" failed")
	}
	if n := t.Unfinished(); n > 0 {
		parts = append(parts, grouped(n)+" unfinished")
	}
	return strings.Join(parts, ", ")
}

// callOut names what took the most time.
func (t *textWriter) callOut(rs *rows) {
	w := rs.slowest()
	if w == nil {
		return
	}
	p := &t.Points[w.point]
	end := ", self " + human(w.self) + percent(w.self, t.Duration())
	if p.Service != "" {
		end = " in " + terminal.Cut(terminal.Clean(p.Service), 30) + end
	}
	what := "slowest: " + label(p.Name, w)
	t.line(bold, terminal.Cut(what, t.o.Width-terminal.Width(end))+end)
}

// label is a row's name, how many points it stands for, and its detail.
func label(name string, w *row) string {
	s := cleanName(name)
	if n := len(w.members); n > 1 {
		s += " ×" + grouped(n)
	}
	if w.detail != "" {
		s += " " + terminal.Clean(w.detail)
	}
	return s
}

func cleanName(name string) string {
	if s := terminal.Clean(name); s != "" {
		return s
	}
	return "(no name)"
}

// unreachable lists the points that are in no tree.
func (t *textWriter) unreachable() {
	most := t.o.MaxRows
	if len(t.Points)-t.reachable == most+1 {
		most = 0 // the remark would hide one
	}
	n := 0
	for p := range t.Unreachable() {
		if n == 0 {
			t.out.WriteByte('\n')
			t.line(yellow, "not reachable from a root, since their parents lead in a circle:")
		}
		if n++; most == 0 || n <= most {
			t.line("", "  "+human(p.Duration())+"  "+label(p.Name, &row{detail: t.Detail(p)})+"  "+terminal.Clean(p.Service))
		}
	}
	if most > 0 && n > most {
		t.line(dim, "  … "+counted(n-most, "more point"))
	}
}

// mostStats is how many names the table has if rows are limited at all.
const mostStats = 20

// stats writes the table by name, the one with the most time of its own first.
func (t *textWriter) stats() {
	list := slices.Clone(t.Stats)
	slices.SortStableFunc(list, func(a, b Stat) int { return cmp.Compare(b.Self, a.Self) })
	left := 0
	if t.o.MaxRows > 0 && len(list) > mostStats+1 {
		left = len(list) - mostStats
		list = list[:mostStats]
	}
	name := len("name")
	for _, s := range list {
		name = max(name, terminal.Width(cleanName(s.Name)))
	}
	name = min(name, t.o.Width-9-3*9)
	t.out.WriteByte('\n')
	t.line(dim, fmt.Sprintf("%s %8s %8s %8s %8s", terminal.Left("name", name), "count", "total", "self", "max"))
	for _, s := range list {
		t.line("", fmt.Sprintf("%s %8s %8s %8s %8s", terminal.Left(cleanName(s.Name), name), grouped(s.Count), human(s.Total), human(s.Self), human(s.Max)))
	}
	if left > 0 {
		t.line(dim, "… "+counted(left, "more name"))
	}
}
