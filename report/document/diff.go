package document

import (
	"io"
	"strconv"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/profile"
)

// Failed is a condition that was met, and what it found.
type Failed struct {
	Condition diff.Condition
	Text      string
}

// WriteDiff writes the difference between two groups of traces, and which conditions
// it failed, as a document of its own.
func WriteDiff(w io.Writer, d *diff.Diff, failed []Failed) error {
	j := document{Writer: jsontext.NewCompactWriter(w)}
	j.version()
	j.top("text")
	j.String(d.Text)
	j.list("failed")
	for i, f := range failed {
		j.begin(i)
		j.text("condition", f.Condition.String())
		j.text("text", f.Text)
		j.Raw("}")
	}
	j.end(len(failed))
	j.group("before", d.Before)
	j.group("after", d.After)
	j.list("causes")
	for i, c := range d.Causes {
		j.begin(i)
		j.text("change", string(c.Kind))
		j.did(c.Path)
		j.number("took_ns", c.Took.Nanoseconds())
		j.text("text", c.Text)
		j.Raw("}")
	}
	j.end(len(d.Causes))
	j.list("paths")
	for i := range d.Changes {
		c := &d.Changes[i]
		j.begin(i)
		j.did(c.Path)
		j.number("adds_ns", c.Contribution.Nanoseconds())
		j.side("before", c.Before)
		j.side("after", c.After)
		j.Raw("}")
	}
	j.end(len(d.Changes))
	j.Raw("\n}\n")
	return j.Flush()
}

func (j *document) version() {
	j.Raw("{\n  \"version\": ")
	j.Integer(Version)
}

// did says what the points of a path did, and below what.
func (j *document) did(p *profile.Path) {
	var titles []string
	for up := p; up != nil; up = up.Above {
		titles = append(titles, up.Title)
	}
	j.member("path")
	for i, k := 0, len(titles)-1; i < k; i, k = i+1, k-1 {
		titles[i], titles[k] = titles[k], titles[i]
	}
	j.texts(titles)
	j.text("name", p.Name)
	j.text("kind", p.Kind.String())
	j.text("layer", p.Group)
	j.text("service", p.Service)
	j.text("what", p.What)
}

// group writes what the traces of a group are together.
func (j *document) group(name string, p *profile.Profile) {
	j.top(name)
	j.Raw("{")
	j.inside = false
	j.number("traces", int64(p.Traces))
	j.number("points", int64(p.Points))
	j.number("unfinished", int64(p.Unfinished))
	j.number("mean_ns", diff.Mean(p).Nanoseconds())
	j.number("p50_ns", p.Quantile(0.5).Nanoseconds())
	j.number("p95_ns", p.Quantile(0.95).Nanoseconds())
	j.number("max_ns", p.Max().Nanoseconds())
	j.Raw("}")
}

// side writes one side of a change, null without points.
func (j *document) side(name string, s diff.Side) {
	j.member(name)
	if s.Traces == 0 {
		j.Raw("null")
		return
	}
	j.Raw("{")
	j.inside = false
	j.number("traces", int64(s.Traces))
	j.ratio("count", s.Count)
	j.number("total_ns", s.Total.Nanoseconds())
	j.number("self_ns", s.Self.Nanoseconds())
	j.number("critical_ns", s.Critical.Nanoseconds())
	j.number("p50_ns", s.P50.Nanoseconds())
	j.number("p95_ns", s.P95.Nanoseconds())
	j.number("max_ns", s.Max.Nanoseconds())
	j.Raw("}")
	j.inside = true
}

func (j *document) ratio(name string, r float64) {
	j.member(name)
	j.Raw(strconv.FormatFloat(r, 'f', 4, 64))
}
