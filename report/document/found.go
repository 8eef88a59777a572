package document

import (
	"strconv"

	"github.com/sonde-go/sonde/report/findings"
)

// found writes what was found.
func (j *document) found(f *findings.Result) {
	j.top("asked")
	j.Raw("{")
	j.inside = false
	j.text("title", f.Head.Title)
	j.text("status", f.Head.Status)
	j.text("service", f.Head.Service)
	j.number("duration_ns", f.Head.Duration.Nanoseconds())
	j.truth("ended", f.Head.Ended)
	j.Raw("}")

	j.list("findings")
	for i := range f.Findings {
		j.begin(i)
		j.finding(&f.Findings[i])
		j.Raw("}")
	}
	j.end(len(f.Findings))

	j.list("critical_path")
	n := 0
	for s := range f.Path() {
		id := ""
		if s.Point != nil {
			id = s.Point.ID()
		}
		j.begin(n)
		n++
		j.text("point", id)
		j.number("from_ns", s.From.Nanoseconds())
		j.number("to_ns", s.To.Nanoseconds())
		j.Raw("}")
	}
	j.end(n)

	j.list("shifts")
	for i, s := range f.Shifts {
		j.begin(i)
		j.text("service", s.Service)
		j.text("host", s.Host)
		j.text("against", s.Against)
		j.number("by_ns", s.By.Nanoseconds())
		j.number("bound_ns", s.Bound.Nanoseconds())
		j.truth("corrected", s.Corrected)
		j.Raw("}")
	}
	j.end(len(f.Shifts))

	j.top("blind")
	j.texts(f.Blind)
}

func (j *document) finding(f *findings.Finding) {
	j.text("kind", string(f.Kind))
	j.text("text", f.Text)
	ids := make([]string, len(f.Points))
	for i, p := range f.Points {
		ids[i] = p.ID()
	}
	j.member("points")
	j.texts(ids)
	j.number("count", int64(f.Count))
	j.number("took_ns", f.Took.Nanoseconds())
	j.member("share")
	j.Raw(strconv.FormatFloat(f.Share, 'f', 4, 64))
	j.number("saves_min_ns", f.SavesMin.Nanoseconds())
	j.number("saves_max_ns", f.SavesMax.Nanoseconds())
	j.text("confidence", string(f.Confidence))
	j.text("because", f.Because)
	j.text("signature", f.Signature)
	j.truth("accepted", f.Accepted)
	j.text("why", f.Why)
}

// texts writes a list of texts on one line.
func (j *document) texts(list []string) {
	j.Raw("[")
	for i, text := range list {
		if i > 0 {
			j.Raw(", ")
		}
		j.String(text)
	}
	j.Raw("]")
}
