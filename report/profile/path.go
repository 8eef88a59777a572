package profile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/report/findings"
)

// Path is the points of all traces that did the same below the same. Its texts
// are hostile.
type Path struct {
	findings.Does
	Title string // what they did, in a few words
	Above *Path  // nil of a root
	Depth int    // 1 for a root
	Other bool   // these are points of any sort, for which there was no room

	Traces int // in which there are such points
	Count  int // of points

	Total    time.Duration // sum of their durations
	Self     time.Duration // sum of their times without those of children
	Critical time.Duration // sum of their parts of the critical paths, without those of children
	Max      time.Duration // the longest

	times   sketch
	shortIn int // the trace that had short ones last
	below   map[findings.Does]*Path
	last    *Path // of those below, the one that was asked for last
	others  *Path
	order   []*Path

	gathered *sum // of the trace that is being added
}

// Quantile is the duration that q of the points did not exceed, q from 0 to 1, to
// 0.4 %.
func (p *Path) Quantile(q float64) time.Duration { return p.times.quantile(q) }

// Durations are the durations of several paths together.
type Durations struct{ sketch }

// Add adds those of a path.
func (d *Durations) Add(p *Path) { d.merge(&p.times) }

// Quantile is that of all.
func (d *Durations) Quantile(q float64) time.Duration { return d.quantile(q) }

// Below are the paths right below p, the one that took most time first.
func (p *Path) Below() []*Path {
	list := slices.Clone(p.order)
	slices.SortStableFunc(list, compare)
	return list
}

// Leaf reports whether nothing was ever recorded below.
func (p *Path) Leaf() bool { return len(p.order) == 0 }

// String is the path in full: "GET /cart > PlaceOrder > SELECT ?".
func (p *Path) String() string {
	if p.Above == nil {
		return p.Title
	}
	return p.Above.String() + " > " + p.Title
}

func compare(a, b *Path) int {
	return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Title, b.Title), cmp.Compare(a.What, b.What))
}

func (p *Path) walk(yield func(*Path) bool) bool {
	for _, k := range p.Below() {
		if !yield(k) || !k.walk(yield) {
			return false
		}
	}
	return true
}

// make adds a path below p, with texts of its own.
func (p *Path) make(d findings.Does, title string) *Path {
	d.Service, d.Name, d.Group, d.What = strings.Clone(d.Service), strings.Clone(d.Name), strings.Clone(d.Group), strings.Clone(d.What)
	k := &Path{Does: d, Title: strings.Clone(title), Depth: p.Depth + 1}
	if p.Depth > 0 {
		k.Above = p
	}
	if p.below == nil {
		p.below = map[findings.Does]*Path{}
	}
	p.below[d] = k
	p.order = append(p.order, k)
	return k
}

func (p *Path) add(s *findings.Step) {
	p.Count += s.Times
	p.Total = saturate.Add(p.Total, s.Took)
	p.Self = saturate.Add(p.Self, s.Self)
	p.Critical = saturate.Add(p.Critical, s.Path)
	p.Max = max(p.Max, s.Max)
	if s.Times == 1 {
		p.times.add(int64(s.Took/time.Microsecond), 1)
		return
	}
	p.times.addSeveral(s.Took, s.Max, s.Times)
}

// maxText is how many bytes of a name tell paths apart.
const maxText = 1000

func limited(d findings.Does) findings.Does {
	cut := func(s string) string { return s[:min(len(s), maxText)] }
	d.Service, d.Name, d.Group, d.What = cut(d.Service), cut(d.Name), cut(d.Group), cut(d.What)
	return d
}
