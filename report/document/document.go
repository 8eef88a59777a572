// Package document writes reports as Sonde's own JSON document, for programs;
// docs/json.md describes its schema.
package document

import (
	"io"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// Version is the version of the document. It is raised when a member is removed or
// changes its meaning, but not when one is added.
const Version = 1

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "json",
	Doc:   "Sonde's own document, see docs/json.md",
	Text:  true,
	Write: Write,
}

// Write writes the document. It is ASCII whatever the records hold, and has a line
// for each point. Points are written one at a time, so they take no memory here. Of
// the options only Now and Accepted are used. Write returns the first error of w.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	j := document{Report: r, Writer: jsontext.NewCompactWriter(w), view: r.NewView()}
	j.version()
	j.head()
	j.found(findings.Find(r, findings.For(o)))
	j.list("warnings")
	for i, w := range r.Warnings {
		j.begin(i)
		j.text("problem", w.Problem)
		j.number("count", int64(w.Count))
		j.text("example", w.Example)
		j.Raw("}")
	}
	j.end(len(r.Warnings))
	j.list("stats")
	for i, s := range r.Stats {
		j.begin(i)
		j.stat(&s)
		j.Raw("}")
	}
	j.end(len(r.Stats))
	j.list("points")
	n := 0
	each := func(p *report.Point) bool {
		j.begin(n)
		n++
		j.point(p)
		j.Raw("}")
		return j.Err() == nil
	}
	r.Walk()(each)
	r.Unreachable()(each)
	j.end(n)
	j.Raw("\n}\n")
	return j.Flush()
}

type document struct {
	*report.Report
	*jsontext.Writer
	view   *report.View
	seen   report.Memo[contents]
	spare  *jsontext.Writer // keeps all; nil until it is needed
	inside bool             // an object that has a member
}

// head writes what the whole trace says.
func (j *document) head() {
	j.top("trace")
	j.orNull(j.Trace)
	j.top("began")
	if j.Trace == "" || j.Len() == 0 { // a report that was read does not say
		j.Raw("null")
	} else {
		j.String(j.Began().Format("2006-01-02T15:04:05.000000Z"))
	}
	j.top("duration_ns")
	j.Integer(j.Duration().Nanoseconds())
	j.top("services")
	j.texts(j.Services())
	j.top("records")
	j.Integer(int64(j.Records))
	j.top("lost")
	j.Integer(j.Lost())
	missing := j.Missing()
	j.list("missing")
	for i, m := range missing {
		j.begin(i)
		j.text("service", m.Service)
		j.number("records", m.Records())
		j.number("numbered", m.Numbered)
		j.number("stored", m.Stored)
		j.number("told", m.Told)
		j.Raw("}")
	}
	j.end(len(missing))
	j.top("refused")
	j.Integer(j.Refused())
	text, standsFor := "", int64(1)
	if s, ok := j.Sampled(); ok {
		text, standsFor = s.String(), s.StandsFor()
	}
	j.top("sampled")
	j.orNull(text)
	j.top("stands_for")
	j.Integer(standsFor)
	parent := ""
	if p, ok := j.TraceParent(); ok {
		parent = p.String()
	}
	j.top("traceparent")
	j.orNull(parent)
	j.top("unfinished")
	j.Integer(int64(j.Unfinished()))
}

func (j *document) point(p *report.Point) {
	s := j.contents(p)
	j.text("id", p.ID())
	j.text("parent", p.ParentID())
	j.number("depth", int64(p.Depth))
	j.said(p, s, names)
	j.number("start_ns", p.Start().Nanoseconds())
	j.number("duration_ns", p.Duration().Nanoseconds())
	j.number("self_ns", p.Self().Nanoseconds())
	j.said(p, s, outcome)
	j.condensed(p)
	j.said(p, s, infos)
}

// condensed writes what p says of points without records, nothing if it is silent.
func (j *document) condensed(p *report.Point) {
	if r := p.Repeated(); r != nil {
		j.member("repeated")
		j.Raw("{")
		j.inside = false
		j.number("count", int64(r.Count))
		j.number("total_ns", r.Total.Nanoseconds())
		j.number("min_ns", r.Min.Nanoseconds())
		j.number("max_ns", r.Max.Nanoseconds())
		j.number("at_once", int64(r.AtOnce))
		j.truth("differ", r.Differ)
		j.Raw("}")
	}
	short := p.Short()
	if len(short) == 0 {
		return
	}
	j.member("short")
	for i, s := range short {
		if i == 0 {
			j.Raw("[")
		} else {
			j.Raw(",")
		}
		j.Raw("{")
		j.inside = false
		j.stat(&s)
		j.Raw("}")
	}
	j.Raw("]")
}

// stat writes the members of sums by name.
func (j *document) stat(s *report.Stat) {
	j.text("name", s.Name)
	j.number("count", int64(s.Count))
	j.number("total_ns", s.Total.Nanoseconds())
	j.number("self_ns", s.Self.Nanoseconds())
	j.number("max_ns", s.Max.Nanoseconds())
}

// top begins a member of the whole.
func (j *document) top(name string) {
	j.Raw(",\n  ")
	j.String(name)
	j.Raw(": ")
}

// list begins a list of the whole.
func (j *document) list(name string) {
	j.top(name)
	j.Raw("[")
}

// begin opens the i-th object of a list.
func (j *document) begin(i int) {
	if i > 0 {
		j.Raw(",")
	}
	j.Line(0)
	j.Raw("\n    {")
	j.inside = false
}

// end closes a list of n objects.
func (j *document) end(n int) {
	if n > 0 {
		j.Raw("\n  ")
	}
	j.Raw("]")
}

func (j *document) member(name string) {
	if j.inside {
		j.Raw(",")
	}
	j.inside = true
	j.Key(0, name)
}

func (j *document) text(name, text string) {
	j.member(name)
	j.orNull(text)
}

// orNull writes a text, and null for one that is empty.
func (j *document) orNull(text string) {
	if text == "" {
		j.Raw("null")
		return
	}
	j.String(text)
}

func (j *document) number(name string, n int64) {
	j.member(name)
	j.Integer(n)
}

func (j *document) truth(name string, is bool) {
	j.member(name)
	if is {
		j.Raw("true")
	} else {
		j.Raw("false")
	}
}
