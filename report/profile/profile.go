// Package profile puts many traces together: what points did and where in the
// tree, how often and how long, and what makes some traces slower than others.
//
//	p := profile.New()
//	for _, r := range reports {
//		p.Add(r)
//	}
//	fmt.Println(p.Explain(p.Kinds()[0]).Text)
//
// Points of several traces are compared by their path: what they and all points
// above them did, without ids, hosts and literals, as findings tell points alike
// ([findings.Does]). The memory that a profile takes has a bound, however many
// traces are added and whatever they hold.
package profile

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// Profile is what many traces say together. It is not safe for concurrent use
// while traces are added.
type Profile struct {
	Traces     int           // that were added and had points
	Points     int           // that a root leads to
	Unfinished int           // traces whose root has not ended; they have run until their last record
	Total      time.Duration // sum of the times of the traces

	top    Path // above the roots' paths
	paths  int
	totals sketch
	sample sample
}

// New returns a profile of no traces.
func New() *Profile { return &Profile{sample: newSample()} }

// Quantile is the time that q of all traces did not exceed, q from 0 to 1, to 0.4 %.
func (p *Profile) Quantile(q float64) time.Duration { return p.totals.quantile(q) }

// Max is the time of the slowest trace.
func (p *Profile) Max() time.Duration { return micros(p.totals.max) }

// Add adds a trace. It keeps nothing of r.
func (p *Profile) Add(r *report.Report) {
	head, steps := findings.Steps(r, findings.Options{})
	paths := make([]*Path, 0, r.Len()) // by step
	var order []*sum
	var total time.Duration
	var kind *Path
	for s := range steps {
		if len(paths) == 0 {
			p.Traces++
		}
		above := &p.top
		if s.Above >= 0 {
			above = paths[s.Above]
		}
		at := p.below(above, s)
		paths = append(paths, at)
		if kind == nil || s.Point == head.Point {
			kind = at
		}
		at.add(s)
		p.Points += s.Times
		for _, short := range s.Point.Short() {
			p.addShort(at, s, short)
		}
		total = saturate.Add(total, s.Path)
		if at.gathered == nil {
			at.Traces++
			at.gathered = &sum{part: part{path: at}}
			order = append(order, at.gathered)
		}
		at.gathered.add(s)
	}
	if len(paths) == 0 {
		return
	}
	for _, s := range order {
		s.path.gathered = nil
	}
	if !head.Ended {
		p.Unfinished++
	}
	p.Total = saturate.Add(p.Total, total)
	p.totals.add(int64(total/time.Microsecond), 1)
	p.sample.add(r, kind, total, order)
}

// addShort adds points below one that were too short for records: no more is known of
// them than their name and sums. They may have been below each other.
func (p *Profile) addShort(above *Path, s *findings.Step, short report.Stat) {
	at := p.below(above, &findings.Step{Does: findings.Does{Service: s.Does.Service, Name: short.Name}, Title: short.Name})
	if at.shortIn != p.Traces {
		at.shortIn = p.Traces
		at.Traces++
	}
	p.Points += short.Count
	at.Count += short.Count
	at.Total = saturate.Add(at.Total, short.Total)
	at.Self = saturate.Add(at.Self, short.Self)
	at.Max = max(at.Max, short.Max)
	at.times.addSeveral(short.Total, short.Max, short.Count)
}

// All yields the paths, each before those below it, those below one by their time.
func (p *Profile) All() iter.Seq[*Path] {
	return func(yield func(*Path) bool) { p.top.walk(yield) }
}

// Same is the path of p that a path of another profile corresponds to, nil if there
// is none.
func (p *Profile) Same(other *Path) *Path {
	above := &p.top
	if other.Above != nil {
		if above = p.Same(other.Above); above == nil {
			return nil
		}
	}
	return above.below[other.Does]
}

// Kinds are the paths of the roots, which tell sorts of traces apart: the one with
// the most traces first.
func (p *Profile) Kinds() []*Path {
	kinds := slices.Clone(p.top.order)
	slices.SortStableFunc(kinds, func(a, b *Path) int { return cmp.Or(cmp.Compare(b.Traces, a.Traces), compare(a, b)) })
	return kinds
}

const (
	// maxPaths is how many paths a profile tells apart. Others below one path are
	// one, whose name is Other.
	maxPaths = 10_000

	// maxDepth is how deep paths are told apart.
	maxDepth = 100
)

// below is the path of a step below another.
func (p *Profile) below(above *Path, s *findings.Step) *Path {
	if above.Other {
		return above
	}
	does := limited(s.Does)
	if last := above.last; last != nil && last.Does == does {
		return last
	}
	at := above.below[does]
	if at != nil {
		above.last = at
		return at
	}
	if p.paths >= maxPaths || above.Depth >= maxDepth {
		if above.others == nil {
			above.others = above.make(findings.Does{Service: "", Name: "(other)"}, "(other)")
			above.others.Other = true
		}
		return above.others
	}
	p.paths++
	return above.make(does, s.Title)
}
