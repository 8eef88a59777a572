package document

import (
	"io"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/report/profile"
)

// WriteProfile writes what many traces of a kind say together as a document of its
// own: what explains the variance of their times, and all paths of the profile.
func WriteProfile(w io.Writer, p *profile.Profile, e profile.Explanation) error {
	j := document{Writer: jsontext.NewCompactWriter(w)}
	j.version()
	j.top("text")
	j.String(e.Text)
	j.group("all", p)
	j.list("kinds")
	kinds := p.Kinds()
	for i, k := range kinds {
		j.begin(i)
		j.did(k)
		j.number("traces", int64(k.Traces))
		j.Raw("}")
	}
	j.end(len(kinds))
	j.top("compared")
	j.Raw("{")
	j.inside = false
	j.did(e.Kind)
	j.number("traces", int64(e.Traces))
	j.truth("sampled", e.Sampled)
	j.number("p50_ns", e.P50.Nanoseconds())
	j.number("p95_ns", e.P95.Nanoseconds())
	j.number("slow", int64(e.Slow))
	j.number("fast", int64(e.Fast))
	j.number("slow_ns", e.SlowTime.Nanoseconds())
	j.number("fast_ns", e.FastTime.Nanoseconds())
	j.Raw("}")
	j.list("causes")
	for i := range e.Causes {
		j.begin(i)
		j.cause(&e.Causes[i])
		j.Raw("}")
	}
	j.end(len(e.Causes))
	j.list("paths")
	n := 0
	for path := range p.All() {
		j.begin(n)
		n++
		j.path(path)
		j.Raw("}")
	}
	j.end(n)
	j.Raw("\n}\n")
	return j.Flush()
}

func (j *document) cause(c *profile.Cause) {
	j.did(c.Path)
	j.ratio("share", c.Share)
	j.number("slow_ns", c.SlowTime.Nanoseconds())
	j.number("fast_ns", c.FastTime.Nanoseconds())
	j.ratio("slow_count", c.SlowCount)
	j.ratio("fast_count", c.FastCount)
	j.member("separates")
	j.Raw("[")
	for i, v := range c.Separates {
		if i > 0 {
			j.Raw(",")
		}
		j.Raw("{")
		j.inside = false
		j.text("of", v.Path.Title)
		j.text("name", v.Name)
		j.text("value", v.Text)
		j.ratio("in_slow", v.InSlow)
		j.ratio("in_fast", v.InFast)
		j.Raw("}")
	}
	j.Raw("]")
	j.inside = true
}

func (j *document) path(p *profile.Path) {
	j.did(p)
	j.number("traces", int64(p.Traces))
	j.number("count", int64(p.Count))
	j.number("total_ns", p.Total.Nanoseconds())
	j.number("self_ns", p.Self.Nanoseconds())
	j.number("critical_ns", p.Critical.Nanoseconds())
	j.number("p50_ns", p.Quantile(0.5).Nanoseconds())
	j.number("p95_ns", p.Quantile(0.95).Nanoseconds())
	j.number("max_ns", p.Max.Nanoseconds())
}
