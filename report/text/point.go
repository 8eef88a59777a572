package text

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// WritePoint writes everything known about one point, which is given by its id or a
// prefix of it: what it was about and how it ended, which findings it proves, its
// statement and its logs line by line, and the info of its records as JSON in
// ASCII. It fails where [report.Report.Lookup] does.
func WritePoint(w io.Writer, r *report.Report, id string, o report.Options) error {
	p, err := r.Lookup(id)
	if err != nil {
		return err
	}
	t := newWriter(o)
	t.point(r, p)
	_, err = w.Write(t.out.Bytes())
	return err
}

func (t *writer) point(r *report.Report, p *report.Point) {
	detail := r.Detail(p)
	t.line(flex(bold, join(name(p), terminal.Clean(detail))))
	t.end()
	field := func(name, style, value string) {
		if value = terminal.Clean(value); value != "" {
			t.left(10, fixed(dim, name))
			t.paragraph(style, value, maxParagraph)
		}
	}
	field("id", plain, p.ID())
	above := p.ParentID()
	if parent := r.Parent(p); parent != nil {
		above += "  " + join(parent.Name, r.Detail(parent))
	}
	field("parent", plain, above)
	field("service", plain, p.Service)
	field("host", plain, p.Host)
	field("project", plain, p.Project)
	field("kind", plain, r.Kind(p).String())
	field("began", plain, figures.Duration(p.Start())+" after the trace"+beganAt(r, p))
	switch {
	case !p.HasStop:
		field("took", yellow, "no stop: it is still running, or its program has gone")
	case !p.HasStart:
		field("took", yellow, "no start: the record has not arrived")
	default:
		took := figures.Duration(p.Duration())
		if n := p.Repeated(); n != nil {
			took += " from the first to the last of " + figures.Grouped(n.Count) + " that are one point; together " + figures.Duration(n.Total) +
				", each " + figures.Duration(n.Min) + " to " + figures.Duration(n.Max)
			if n.AtOnce > 1 {
				took += ", up to " + figures.Grouped(n.AtOnce) + " at once"
			}
		}
		if n := len(slices.Collect(r.Children(p))); n > 0 {
			took += ", " + figures.Duration(p.Self()) + " of it outside of the " + figures.Counted(n, "point") + " below"
		}
		field("took", plain, took)
	}
	for _, s := range p.Short() {
		field("short", plain, s.Name+" ×"+figures.Grouped(s.Count)+", "+figures.Duration(s.Total)+": below it, too short for records")
	}
	if etype, message, failed := r.Failure(p); failed {
		field("failed", red, strings.TrimSuffix(etype+": "+message, ": "))
	}
	field("outcome", plain, r.Outcome(p))
	for i, f := range findings.Find(r, findings.For(t.Options)).Findings {
		if slices.Contains(f.Points, p) {
			field(fmt.Sprint("finding ", i+1), plain, f.Text)
		}
	}
	t.block("statement", r.Text(p, "db.statement"))
	t.logs(r, p)
	t.stored(r, p)
}

// maxParagraph is how many lines one field of a point takes at most.
const maxParagraph = 100

func beganAt(r *report.Report, p *report.Point) string {
	if r.Trace == "" { // a report that was read does not say
		return ""
	}
	return ", at " + r.Began().Add(p.Start()).Format("15:04:05.000000 UTC")
}

// heading begins a part of the text.
func (t *writer) heading(words string) {
	t.end()
	t.line(fixed(dim, words))
}

// block writes text with its own ends of lines.
func (t *writer) block(heading, text string) {
	if text == "" {
		return
	}
	t.heading(heading)
	for line := range strings.Lines(strings.TrimSpace(text)) {
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		t.skip(2 + min(indent, t.width/2))
		t.paragraph(plain, terminal.Clean(line), maxParagraph)
	}
}

// logs writes the log records that package slogtrace has kept with a point.
func (t *writer) logs(r *report.Report, p *report.Point) {
	list := r.Member(p, "log")
	if len(list) == 0 || list[0] != '[' {
		return
	}
	t.heading("logs")
	jsontext.Elements(list, func(entry []byte) bool {
		var words []string
		jsontext.UniqueMembers(entry, func(key, value []byte) {
			if jsontext.KeyIs(key, "attributes") {
				jsontext.UniqueMembers(value, func(key, value []byte) {
					words = append(words, plainText(key)+"="+plainText(value))
				})
				return
			}
			words = append(words, plainText(value)) // time, level, message
		})
		t.skip(2)
		t.paragraph(plain, terminal.Clean(strings.Join(words, " ")), maxParagraph)
		return true
	})
}

// stored writes the info of the point's records.
func (t *writer) stored(r *report.Report, p *report.Point) {
	for name, payload := range r.StoredRecords(p) {
		info := jsontext.Get(payload, "info")
		text := jsontext.AppendIndent(nil, info, 0)
		t.heading("info of " + cmp.Or(terminal.Clean(name), "(no name)"))
		if text == nil { // no JSON
			text = []byte(terminal.Clean(string(info)))
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			t.skip(2 + len(line) - len(strings.TrimLeft(line, " ")))
			t.paragraph(plain, printable(strings.TrimLeft(line, " ")), maxParagraph)
		}
	}
}

// printable is what Clean makes of text, but for the blanks, which JSON needs.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// plainText is a string's text, and other JSON as it is.
func plainText(value []byte) string {
	if text, ok := jsontext.Text(value); ok {
		return text
	}
	return string(value)
}
