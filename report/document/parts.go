package document

import (
	"io"
	"slices"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// WriteFindings writes what [Write] says of the whole trace and what was found in it,
// without statistics and points.
func WriteFindings(w io.Writer, r *report.Report, o report.Options) error {
	j := document{Report: r, Writer: jsontext.NewCompactWriter(w), view: r.NewView()}
	j.version()
	j.head()
	j.found(findings.Find(r, findings.For(o)))
	j.Raw("\n}\n")
	return j.Flush()
}

// WritePoint writes one point as [Write] does, the points just below it, and the
// findings that it proves. id is that of the point or the beginning of it; WritePoint
// fails where [report.Report.Lookup] does.
func WritePoint(w io.Writer, r *report.Report, id string, o report.Options) error {
	p, err := r.Lookup(id)
	if err != nil {
		return err
	}
	j := document{Report: r, Writer: jsontext.NewCompactWriter(w), view: r.NewView()}
	j.version()
	j.top("trace")
	j.orNull(j.Trace)
	j.top("point")
	j.Raw("{")
	j.inside = false
	j.point(p)
	j.Raw("}")
	var below []string
	for child := range r.Children(p) {
		below = append(below, child.ID())
	}
	j.top("below")
	j.texts(below)
	j.list("findings")
	n := 0
	found := findings.Find(r, findings.For(o)).Findings
	for i := range found {
		if slices.Contains(found[i].Points, p) {
			j.begin(n)
			n++
			j.finding(&found[i])
			j.Raw("}")
		}
	}
	j.end(n)
	j.Raw("\n}\n")
	return j.Flush()
}
