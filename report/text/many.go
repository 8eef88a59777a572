package text

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/profile"
)

// WriteProfile writes what many traces of one kind say together: what makes some
// slower than others, first in words and then as a table, and all paths. It is to
// a profile what [Write] is to a report.
func WriteProfile(w io.Writer, p *profile.Profile, e profile.Explanation, o report.Options) error {
	t := newWriter(o)
	t.paragraph(bold, terminal.Clean(e.Text), maxParagraph)
	t.variance(&e)
	t.paths(e.Kind)
	t.notes(p, &e)
	_, err := w.Write(t.out.Bytes())
	return err
}

const (
	// leastVariance is the share of the variance that a row of the table has.
	leastVariance = 0.01
	mostVariance  = 8 // rows

	// mostFrom is how wide the text must be for the column of maxima.
	mostFrom = 60
)

// variance is the table of what makes the difference, with the slow traces beside
// the fast.
func (t *writer) variance(e *profile.Explanation) {
	if len(e.Causes) == 0 {
		return
	}
	columns := func(style, share, slow, fast string) {
		t.right(figureWidth, fixed(style, share))
		for _, text := range []string{slow, fast} {
			t.skip(2)
			t.right(figureWidth+1, fixed(style, text))
		}
		t.skip(2)
	}
	t.end()
	columns(dim, "variance", "slow 10 %", "fast 50 %")
	t.line(fixed(dim, "time on the critical path of"))
	columns(plain, "", figures.Duration(e.SlowTime), figures.Duration(e.FastTime))
	t.line(fixed(plain, fmt.Sprintf("%s, %s beside %s", figures.Counted(e.Slow+e.Fast, "trace"), figures.Grouped(e.Slow), figures.Grouped(e.Fast))))
	rest := 0
	for i := range e.Causes {
		c := &e.Causes[i]
		if i > 0 && t.MaxRows > 0 && (math.Abs(c.Share) < leastVariance || i >= mostVariance) {
			rest++
			continue
		}
		columns(plain, fmt.Sprintf("%.0f %%", 100*c.Share), figures.Duration(c.SlowTime), figures.Duration(c.FastTime))
		indent := t.at
		t.did(c.Path, true, true)
		t.end()
		t.detail(indent, "", countsOf(c))
		for _, v := range c.Separates {
			name := v.Name + "=" + v.Text
			if v.Path != c.Path {
				name += " of " + v.Path.Title
			}
			t.detail(indent, terminal.Clean(name), fmt.Sprintf(": %.0f %% of the slow, %.0f %% of the fast", 100*v.InSlow, 100*v.InFast))
		}
	}
	t.morePaths(rest)
}

// countsOf says how many points the slow and the fast traces have, if that differs.
func countsOf(c *profile.Cause) string {
	slow, fast := figures.Mean(c.SlowCount), figures.Mean(c.FastCount)
	if slow == fast {
		return ""
	}
	return "×" + slow + " a trace in the slow, ×" + fast + " in the fast"
}

func (t *writer) detail(indent int, name, words string) {
	if words != "" {
		t.skip(indent)
		t.line(flex(dim, name), fixed(dim, words))
	}
}

// paths is the tree of what the traces did; where rows are limited, of that which took
// most time.
func (t *writer) paths(kind *profile.Path) {
	all := []*profile.Path{kind}
	for i := 0; i < len(all); i++ {
		all = append(all, all[i].Below()...)
	}
	slices.SortStableFunc(all, func(a, b *profile.Path) int {
		return cmp.Compare(b.Total, a.Total)
	})
	shown := map[*profile.Path]bool{}
	for i, p := range all {
		if t.MaxRows > 0 && len(all) > mostStats+1 && i >= mostStats {
			break
		}
		for up := p; up != nil && up != kind.Above; up = up.Above {
			shown[up] = true
		}
	}
	columns := func(style, count, p50, p95, most, share string) {
		figures := []string{p50, p95, most}
		if t.width < mostFrom {
			figures = figures[:2]
		}
		t.right(countWidth, fixed(style, count))
		for _, text := range figures {
			t.skip(1)
			t.right(figureWidth, fixed(style, text))
		}
		t.skip(1)
		t.right(pathWidth, fixed(style, share))
		t.skip(2)
	}
	t.end()
	columns(dim, "count", "p50", "p95", "max", "share")
	t.line(fixed(dim, "path"))
	services := several(all)
	var critical time.Duration
	for _, p := range all {
		critical = saturate.Add(critical, p.Critical)
	}
	var write func(p *profile.Path)
	write = func(p *profile.Path) {
		if !shown[p] {
			return
		}
		part := ""
		if p.Critical > 0 {
			part = share(p.Critical, critical)
		}
		columns(plain, figures.Mean(float64(p.Count)/float64(max(1, kind.Traces))), figures.Duration(p.Quantile(0.5)), figures.Duration(p.Quantile(0.95)), figures.Duration(p.Max), part)
		t.put(fixed(dim, strings.Repeat("  ", min(p.Depth-1, t.width/16))))
		t.did(p, services, false)
		t.end()
		for _, k := range p.Below() {
			write(k)
		}
	}
	write(kind)
	t.morePaths(len(all) - len(shown))
}

// notes say what the figures do not show.
func (t *writer) notes(p *profile.Profile, e *profile.Explanation) {
	if e.Sampled {
		t.end()
		t.paragraph(dim, fmt.Sprintf("the variance is that of %s, taken at random: all %s would take too much memory", figures.Counted(e.Traces, "trace"), figures.Grouped(e.Kind.Traces)), maxParagraph)
	}
	t.unended("", p)
	for i, k := range p.Kinds() {
		if k == e.Kind {
			continue
		}
		if i > mostCauses {
			t.line(fixed(dim, "… "+figures.Counted(len(p.Kinds())-i, "more kind")))
			break
		}
		t.put(fixed(dim, "not in this: "+figures.Counted(k.Traces, "trace")+" of "))
		t.line(flex(dim, terminal.Clean(k.Named())))
	}
}
