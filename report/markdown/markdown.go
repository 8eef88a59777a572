// Package markdown writes reports for an issue or a chat: what was found as a
// table, where the time went, and a short waterfall. It is GitHub's Markdown,
// which GitLab, Gitea and most chats read too.
package markdown

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/text"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "markdown",
	Doc:   "what was found and a short waterfall, for an issue or a chat",
	Text:  true,
	Write: Write,
}

const (
	headColumns      = 200
	waterfallColumns = 80
	mostRows         = 40 // of the waterfall
	mostOnPath       = 8  // points of the critical path
	widestLabel      = 80
)

// Write writes a report, whose texts can neither end a table or a code block nor
// become links, mentions or HTML. It returns the first error of w.
//
// Of the options Now, Accepted and a MaxRows below 40 mean something to it.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	var out bytes.Buffer
	d := document{&out, r, findings.Find(r, findings.For(o))}
	d.head(o.Now)
	d.findings()
	d.path()
	d.waterfall(o)
	_, err := w.Write(out.Bytes())
	return err
}

type document struct {
	*bytes.Buffer
	r     *report.Report
	found *findings.Result
}

// head is a heading, and a line for each other one of the text form's.
func (d *document) head(now time.Time) {
	var head bytes.Buffer
	_ = text.WriteHead(&head, d.r, d.found, report.Options{Width: headColumns, Now: now}) // which a Buffer does not fail
	title, rest, _ := strings.Cut(strings.TrimSpace(head.String()), "\n")
	fmt.Fprintf(d, "### %s\n", escape(cmp.Or(title, "no trace points")))
	for line := range strings.Lines(rest) {
		fmt.Fprintf(d, "\n%s\n", escape(strings.TrimSpace(line)))
	}
}

func (d *document) findings() {
	standing := d.found.Standing()
	if len(standing) > 0 {
		d.WriteString("\n| | finding | | time | share | saves up to | signature |\n|--:|---|---|--:|--:|--:|---|\n")
	}
	for i := range standing {
		f := &standing[i]
		took, part, saves := "", "", ""
		if f.Took > 0 {
			took, part = figures.Duration(f.Took), figures.Share(f.Share)
		}
		if f.SavesMax > 0 {
			saves = figures.Duration(f.SavesMax)
		}
		fmt.Fprintf(d, "| %d | %s | %s | %s | %s | %s | `%s` |\n", i+1, escape(string(f.Kind)), escape(terminal.Clean(f.Text)),
			took, part, saves, findings.QuoteSignature(f.Signature))
	}
	if n := len(d.found.Findings) - len(standing); n > 0 {
		fmt.Fprintf(d, "\n%s accepted.\n", figures.Counted(n, "finding"))
	}
	for i, b := range d.found.Blind {
		if i == 0 {
			d.WriteString("\nNot judged:\n\n")
		}
		fmt.Fprintf(d, "- %s\n", escape(terminal.Clean(b)))
	}
}

// path lists the points that the root waited for longest.
func (d *document) path() {
	waited := d.found.Waited()
	if waited.All <= 0 {
		return
	}
	var points []*report.Point // in the order of the path
	listed := map[*report.Point]bool{}
	for s := range d.found.Path() {
		if !listed[s.Point] {
			points, listed[s.Point] = append(points, s.Point), true
		}
	}
	slices.SortStableFunc(points, func(a, b *report.Point) int { return cmp.Compare(waited.For(b), waited.For(a)) })
	d.WriteString("\nEverything waited for:\n\n| point | service | time | share |\n|---|---|--:|--:|\n")
	part := func(t time.Duration) string { return figures.Share(float64(t) / float64(waited.All)) }
	for _, p := range points[:min(len(points), mostOnPath)] {
		label, service := "(between the roots)", ""
		if p != nil {
			label = cmp.Or(terminal.CutMiddle(terminal.Clean(p.Name+" "+d.r.Detail(p)), widestLabel), "(no name)")
			service = terminal.CutMiddle(terminal.Clean(p.Service), widestLabel)
		}
		fmt.Fprintf(d, "| %s | %s | %s | %s |\n", escape(label), escape(service), figures.Duration(waited.For(p)), part(waited.For(p)))
	}
	if len(points) > mostOnPath {
		var rest time.Duration
		for _, p := range points[mostOnPath:] {
			rest = saturate.Add(rest, waited.For(p))
		}
		fmt.Fprintf(d, "| %s more | | %s | %s |\n", figures.Grouped(len(points)-mostOnPath), figures.Duration(rest), part(rest))
	}
}

// waterfall is the text form's, between fences that are longer than any in it.
func (d *document) waterfall(o report.Options) {
	o.Width, o.Color, o.More = waterfallColumns, false, ""
	if o.MaxRows == 0 || o.MaxRows > mostRows {
		o.MaxRows = mostRows
	}
	var all bytes.Buffer
	_ = text.WriteWaterfall(&all, d.r, d.found, o) // which a Buffer does not fail
	lines := slices.Collect(strings.Lines(all.String()))
	if len(lines) == 0 {
		return
	}
	if most := 1 + mostRows; len(lines) > most { // a head, and rows that are kept however many
		left := len(lines) - most + 1
		lines = append(lines[:most-1], "… "+figures.Counted(left, "more line")+"\n")
	}
	body := strings.Join(lines, "")
	fence := strings.Repeat("`", max(3, 1+longestRun(body, '`')))
	fmt.Fprintf(d, "\n%stext\n%s%s\n", fence, body, fence)
}
