package report

import (
	"io"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// JSONVersion is the version of the document that WriteJSON writes. It grows
// when a member goes or means something else, not when one is added.
const JSONVersion = 1

// WriteJSON writes the report as Sonde's own JSON document, which docs/json.md
// describes. It is ASCII whatever the records hold, with a line for each point,
// and is written while it is made, so it takes no memory of its own.
func (r *Report) WriteJSON(w io.Writer) error {
	j := document{Report: r, Writer: jsontext.NewCompactWriter(w)}
	j.head()
	j.Raw(",\n  \"warnings\": [")
	for i, w := range r.Warnings {
		j.begin(i)
		j.text("problem", w.Problem)
		j.number("count", int64(w.Count))
		j.text("example", w.Example)
		j.Raw("}")
	}
	j.end(len(r.Warnings))
	j.Raw(",\n  \"stats\": [")
	for i, s := range r.Stats {
		j.begin(i)
		j.text("name", s.Name)
		j.number("count", int64(s.Count))
		j.number("total_ns", s.Total.Nanoseconds())
		j.number("self_ns", s.Self.Nanoseconds())
		j.number("max_ns", s.Max.Nanoseconds())
		j.Raw("}")
	}
	j.end(len(r.Stats))
	j.Raw(",\n  \"points\": [")
	n := 0
	each := func(p *Point) bool {
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
	*Report
	*jsontext.Writer
	inside bool // an object that has a member
}

// head writes what the whole trace says.
func (j *document) head() {
	top := func(name string) {
		j.Raw(",\n  ")
		j.String(name)
		j.Raw(": ")
	}
	j.Raw("{\n  \"version\": ")
	j.Integer(JSONVersion)
	top("trace")
	j.orNull(j.BaseID)
	top("began")
	if j.BaseID == "" || len(j.Points) == 0 { // a report that was read does not say
		j.Raw("null")
	} else {
		j.String(j.Began().Format("2006-01-02T15:04:05.000000Z"))
	}
	top("duration_ns")
	j.Integer(j.Duration().Nanoseconds())
	top("services")
	j.Raw("[")
	for i, name := range j.Services() {
		if i > 0 {
			j.Raw(", ")
		}
		j.String(name)
	}
	j.Raw("]")
	top("records")
	j.Integer(int64(j.Records))
	top("lost")
	j.Integer(j.Lost())
	top("unfinished")
	j.Integer(int64(j.Unfinished()))
}

func (j *document) point(p *Point) {
	etype, message, failed := j.Failure(p)
	j.text("id", p.TraceID)
	j.text("parent", p.ParentID)
	j.number("depth", int64(p.Depth))
	j.text("name", p.Name)
	j.text("kind", j.Kind(p).String())
	j.text("label", j.Detail(p))
	j.text("service", p.Service)
	j.text("host", p.Host)
	j.text("project", p.Project)
	j.number("start_ns", p.Start().Nanoseconds())
	j.number("duration_ns", p.Duration().Nanoseconds())
	j.number("self_ns", p.Self().Nanoseconds())
	j.truth("finished", p.HasStop)
	j.truth("failed", failed)
	j.text("etype", etype)
	j.text("message", message)
	j.text("outcome", j.Outcome(p))
	j.member("info")
	j.Raw(`{"start":`)
	j.info(p, record.Start)
	j.Raw(`,"stop":`)
	j.info(p, record.Stop)
	j.Raw("}")
}

// info writes what a record of a point has stored as info.
func (j *document) info(p *Point, phase record.Phase) {
	info := j.Info(p, phase)
	switch {
	case len(info) == 0:
		j.Raw("null")
	case !j.Value(info, 0): // a store that gave no JSON
		j.String(string(info))
	}
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
	j.Raw(map[bool]string{true: "true", false: "false"}[is])
}
