// Package text writes reports for people who read them in a terminal.
//
// The first line says what was requested, the second the trace's id and time. Then
// come the findings, the points as a waterfall, what could not be judged, and
// statistics by name. Points that differ only in time and literals are one row, and
// so are whole subtrees of such points.
package text

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "text",
	Doc:   "what is wrong, and a waterfall, for the terminal",
	Text:  true,
	Write: Write,
}

// Write writes a report. Whatever its records hold, it writes only printable
// characters and newlines, and colours if o asks for them. It returns the first
// error of w.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	t := newWriter(o)
	if r.Len() == 0 {
		t.line(fixed(plain, "no trace points"))
		t.warnings(r)
	} else {
		t.report(r)
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

type writer struct {
	screen
	report.Options
	// What proves the findings that are shown: their numbers for the points that
	// tell most, 0 for all others.
	evidence map[*report.Point]int
	numbered int // the highest of them

	path *findings.Waited // what each has of the critical path
}

func newWriter(o report.Options) *writer {
	width := cmp.Or(o.Width, 100)
	return &writer{screen: screen{width: max(40, width), color: o.Color}, Options: o, evidence: map[*report.Point]int{}}
}

func (t *writer) report(r *report.Report) {
	found, tree := t.read(r)
	tree.correct(found.Shifts)
	standing := found.Standing()
	t.head(tree, &found.Head)
	rest := t.findings(standing)
	t.accepted(len(found.Findings) - len(standing))
	t.path = found.Waited()
	if len(tree.nodes) > 0 {
		t.waterfall(newRows(tree, t.evidence, t.MaxRows))
	}
	t.unreachable(r, tree.labels)
	t.more(standing, rest)
	t.blind(found.Blind)
	t.warnings(r)
	t.stats(r)
}

// read finds what is wrong and makes the tree; each point is read once for both.
func (t *writer) read(r *report.Report) (*findings.Result, *tree) {
	c := newClassifier(r)
	o := findings.For(t.Options)
	o.Read = c.read
	found := findings.Find(r, o)
	return found, newTree(r, c, t.Now)
}

// head says what was asked, how long it took and when.
func (t *writer) head(tree *tree, h *findings.Head) {
	title, service, took := h.Title, h.Service, h.Duration
	if h.Point == nil { // several roots or none
		title, took = "a trace without a root", tree.length()
		if n := tree.roots(); n > 0 {
			title = figures.Counted(n, "root")
		}
	}
	asked := join(terminal.Clean(title), strings.TrimPrefix(terminal.Clean(h.Status), "OK"))
	in := ""
	if service != "" {
		in = " in " + terminal.CutMiddle(terminal.Clean(service), widestService)
	}
	size := ", " + figures.Duration(took)
	if h.Point != nil && !h.Ended {
		size += " so far"
	}
	size += ", " + figures.Counted(h.Points, "point") + ", " + figures.Counted(h.Services, "service")
	t.line(flex(bold, asked), fixed(bold, in), fixed(bold, size))
	if tree.Trace != "" {
		t.line(fixed(plain, "trace "), flex(plain, terminal.Clean(tree.Trace)), fixed(plain, tree.Began().Format(", 2006-01-02 15:04:05 UTC")))
	}
	if s, ok := tree.Sampled(); ok {
		t.line(fixed(plain, "sampled: "), flex(plain, terminal.Clean(s.Drawn())))
		if kept := s.KeptBy(); kept != "" {
			t.line(flex(plain, terminal.Clean(kept)))
		}
	}
	if p, ok := tree.TraceParent(); ok {
		t.line(fixed(plain, fmt.Sprintf("OpenTelemetry: trace %x, span %x", p.Trace, p.Span)))
	}
	if n := tree.Refused(); n > 0 {
		t.line(fixed(yellow, "incomplete: at least "+figures.Counted(int(n), "request")+" refused, which came too often with the headers of this trace"))
	}
}

func (t *writer) warnings(r *report.Report) {
	for i, w := range r.Warnings {
		if i == 0 {
			t.end()
		}
		t.line(fixed(yellow, fmt.Sprintf("warning: %s: %s; the first: ", figures.Counted(w.Count, "record"), w.Problem)), flex(yellow, terminal.Clean(w.Example)))
	}
}

// name is the clean name of a point.
func name(p *report.Point) string { return cleanName(p.Name) }

func cleanName(name string) string { return cmp.Or(terminal.Clean(name), "(no name)") }

// join puts a blank between two texts, if there are two.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}
