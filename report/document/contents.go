package document

import (
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// contents are the members of a point that do not depend on its ids and times, as they
// are written: most points of a large trace share them with others.
type contents struct {
	text []byte
	ends [parts]int
	long bool // too long to be kept: they are written anew
}

// part is some of these members, which others stand between.
type part int

const (
	names part = iota
	outcome
	infos
	parts
)

// longestKept is the size of the infos of a point whose members are kept.
const longestKept = 2000

// contents returns those of a point.
func (j *document) contents(p *report.Point) *contents {
	c, known := j.seen.Of(p)
	if known && !c.long {
		return c
	}
	j.view.At(p)
	c.text = c.text[:0]
	if c.long = len(j.view.Info(record.Start))+len(j.view.Info(record.Stop)) > longestKept; c.long {
		return c
	}
	if j.spare == nil {
		j.spare = jsontext.NewCompactWriter(nil)
	}
	out := j.Writer
	j.Writer, j.inside = j.spare, true
	for i := range parts {
		j.part(p, i)
		c.text = j.Take(c.text)
		c.ends[i] = len(c.text)
	}
	j.Writer, j.inside = out, false
	return c
}

// said writes a part of a point's contents.
func (j *document) said(p *report.Point, c *contents, i part) {
	switch {
	case c.long:
		j.part(p, i)
	case i == 0:
		j.Plain(c.text[:c.ends[0]])
	default:
		j.Plain(c.text[c.ends[i-1]:c.ends[i]])
	}
}

func (j *document) part(p *report.Point, i part) {
	switch i {
	case names:
		j.text("name", p.Name)
		j.text("kind", j.view.Kind().String())
		j.text("label", string(j.view.Detail()))
		j.text("service", p.Service)
		j.text("host", p.Host)
		j.text("project", p.Project)
	case outcome:
		etype, message, failed := j.view.Failure()
		j.truth("finished", p.HasStop)
		j.truth("failed", failed)
		j.text("etype", string(etype))
		j.text("message", string(message))
		j.text("outcome", string(j.view.Outcome()))
	case infos:
		j.member("info")
		j.Raw(`{"start":`)
		j.info(record.Start)
		j.Raw(`,"stop":`)
		j.info(record.Stop)
		j.Raw("}")
	}
}

// info writes what a record of the point has stored as info.
func (j *document) info(phase record.Phase) {
	info := j.view.Info(phase)
	switch {
	case len(info) == 0:
		j.Raw("null")
	case !j.Value(info, 0): // a store that gave no JSON
		j.String(string(info))
	}
}
