package profile

import (
	"fmt"

	"github.com/sonde-go/sonde/internal/figures"
)

// words say how many traces there are, how long they took, and what makes the
// difference.
func (e *Explanation) words() string {
	text := fmt.Sprintf("%s: %s, p50 %s, p95 %s", e.Kind.Title, figures.Counted(e.Traces, "trace"), figures.Duration(e.P50), figures.Duration(e.P95))
	switch {
	case e.Traces < MinTraces:
		return text + fmt.Sprintf("; no cause is named of fewer than %d", MinTraces)
	case len(e.Causes) == 0:
		return text + "; all took the same time"
	}
	c := &e.Causes[0]
	text += fmt.Sprintf("; %.0f %% of the variance: %s, %s in the slowest tenth", min(100, 100*c.Share), c.Path.Own(), figures.Duration(c.SlowTime))
	if c.FastCount == 0 {
		text += " and none in the fastest half"
	} else {
		text += " and " + figures.Duration(c.FastTime) + " in the fastest half"
		if c.SlowCount >= 1.5*c.FastCount {
			text += fmt.Sprintf(", ×%s a trace instead of ×%s", figures.Mean(c.SlowCount), figures.Mean(c.FastCount))
		}
	}
	if len(c.Separates) > 0 {
		v := c.Separates[0]
		text += fmt.Sprintf("; %s in %s of the slow and %s of the fast", v.words(c.Path), percent(v.InSlow), percent(v.InFast))
	}
	return text
}

// Own names a path with its service, and says of one that others are below that its
// own time is meant.
func (p *Path) Own() string {
	text := p.Named()
	if !p.Leaf() {
		text += " itself"
	}
	return text
}

// Named is what the points did, and in which service.
func (p *Path) Named() string {
	if p.Service == "" {
		return p.Title
	}
	return p.Title + " (" + shorten(p.Service) + ")"
}

func (v *Value) words(of *Path) string {
	text := v.Name + "=" + v.Text
	if v.Name == "host" {
		text = "on host " + v.Text
	}
	if v.Path != of {
		text += " of " + v.Path.Title
	}
	return text
}

func percent(part float64) string { return fmt.Sprintf("%.0f %%", 100*part) }

// shorten keeps a name that somebody made long from filling a sentence.
func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}
