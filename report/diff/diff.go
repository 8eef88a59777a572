// Package diff says what differs between two traces, or two groups of them: which
// points are new, gone, more or slower, path by path.
//
//	before, after := profile.New(), profile.New()
//	before.Add(old)
//	after.Add(new)
//	d := diff.Of(before, after)
//	fmt.Println(d.Text)
//
// Groups may differ in size, so all figures are those of one trace, in the mean. A
// [Condition] is what a test or a build wants of the difference.
package diff

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/sonde-go/sonde/report/profile"
)

// Diff is the difference between two groups of traces.
type Diff struct {
	Before, After *profile.Profile

	// Changes are all paths of both, the one that contributes most to the
	// difference in time first.
	Changes []Change

	// Text says in a sentence how the traces' time differs, and Causes why, the
	// first first: what is done that was not, or is no longer, or more often or more
	// seldom, and then what takes longer or less long. All are hostile.
	Text   string
	Causes []Cause
}

// Change is one path before and after.
type Change struct {
	Path          *profile.Path // of After, if it is there
	Before, After Side

	// Contribution is by how much longer the path made a trace, in the mean. Those of
	// all paths add up to the difference in time.
	Contribution time.Duration

	above *Change // nil of a root
	below time.Duration
}

// Side is a path in one of the groups. Count, Total, Self and Critical are those of
// one trace, in the mean; the quantiles those of single points.
type Side struct {
	Traces                int // in which it is
	Count                 float64
	Total, Self, Critical time.Duration
	P50, P95, Max         time.Duration
}

// New reports whether the path is only in After.
func (c *Change) New() bool { return c.Before.Traces == 0 }

// Gone reports whether the path is only in Before.
func (c *Change) Gone() bool { return c.After.Traces == 0 }

// Of compares two profiles, which it keeps and which must not change.
func Of(before, after *profile.Profile) *Diff {
	d := &Diff{Before: before, After: after}
	changes := map[*profile.Path]*Change{} // by the paths of both
	var list []*Change
	for p := range after.All() {
		c := &Change{Path: p, After: side(p, after.Traces), above: changes[p.Above]}
		changes[p] = c
		list = append(list, c)
	}
	for p := range before.All() {
		c := changes[after.Same(p)]
		if c == nil {
			c = &Change{Path: p, above: changes[p.Above]}
			list = append(list, c)
		}
		c.Before = side(p, before.Traces)
		changes[p] = c
	}
	for _, c := range list {
		c.Contribution = c.After.Critical - c.Before.Critical
		for up := c; up != nil; up = up.above {
			up.below += c.Contribution
		}
	}
	slices.SortStableFunc(list, func(a, b *Change) int {
		return cmp.Or(cmp.Compare(b.Contribution.Abs(), a.Contribution.Abs()), cmp.Compare(math.Abs(b.After.Count-b.Before.Count), math.Abs(a.After.Count-a.Before.Count)))
	})
	d.Causes = causes(list, before.Traces, after.Traces)
	d.Changes = make([]Change, len(list))
	for i, c := range list {
		d.Changes[i] = *c
	}
	d.Text = d.words()
	return d
}

func side(p *profile.Path, traces int) Side {
	n := time.Duration(max(1, traces))
	return Side{
		Traces: p.Traces, Count: float64(p.Count) / float64(n),
		Total: p.Total / n, Self: p.Self / n, Critical: p.Critical / n,
		P50: p.Quantile(0.5), P95: p.Quantile(0.95), Max: p.Max,
	}
}

// Mean is the time of a trace of a group, in the mean.
func Mean(p *profile.Profile) time.Duration { return p.Total / time.Duration(max(1, p.Traces)) }
