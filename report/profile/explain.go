package profile

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Explanation says what makes some traces of a kind slower than others.
//
// The time of a trace is the sum of what its paths have of the critical path, so
// its variance is the sum of their covariances with it: a path's share is its
// covariance by the variance. Shares add up to one, and one is negative where a
// path takes less time in slower traces.
type Explanation struct {
	Kind    *Path
	Traces  int           // that were compared
	Sampled bool          // there were too many to compare all
	P50     time.Duration // of the traces that were compared, exactly
	P95     time.Duration

	Causes []Cause // by their share; none without a difference to explain, or of fewer than MinTraces

	// The slowest tenth of the traces beside the fastest half.
	Slow, Fast         int           // how many
	SlowTime, FastTime time.Duration // what they took in the mean

	Text string // one sentence or two; hostile
}

// MinTraces is of how many traces causes are named.
const MinTraces = 10

// Cause is a path and its share of the variance.
type Cause struct {
	Path  *Path
	Share float64

	SlowTime, FastTime   time.Duration // on the critical path, in the mean of the slow and of the fast traces
	SlowCount, FastCount float64       // points of a trace, in the mean

	// Separates are values that slow traces have and fast ones have not, of the
	// path's points and of those above, what tells most first; at most three.
	Separates []Value
}

// Value is a value of an attribute, and the parts of the slow and of the fast
// traces that have it.
type Value struct {
	Path           *Path
	Name, Text     string // hostile
	InSlow, InFast float64
}

// Explain compares the traces of a kind, which is one of [Profile.Kinds].
func (p *Profile) Explain(kind *Path) Explanation {
	e := Explanation{Kind: kind, Sampled: p.sample.skipped}
	var rows []*row
	for i := range p.sample.rows {
		if w := &p.sample.rows[i]; w.kind == kind {
			rows = append(rows, w)
		}
	}
	slices.SortStableFunc(rows, func(a, b *row) int { return cmp.Compare(a.total, b.total) })
	if e.Traces = len(rows); len(rows) > 0 {
		e.P50, e.P95 = rows[(len(rows)-1)/2].total, rows[(95*len(rows)+99)/100-1].total
	}
	if len(rows) >= MinTraces {
		slow, fast := rows[len(rows)-max(1, len(rows)/10):], rows[:len(rows)/2]
		e.Slow, e.SlowTime = len(slow), mean(slow)
		e.Fast, e.FastTime = len(fast), mean(fast)
		e.Causes = causes(rows)
		p.contrast(e.Causes, slow, fast)
	}
	e.Text = e.words()
	return e
}

func mean(rows []*row) time.Duration {
	sum := 0.0
	for _, w := range rows {
		sum += float64(w.total)
	}
	return time.Duration(sum / float64(max(1, len(rows))))
}

// causes are the paths by their shares of the variance.
func causes(rows []*row) (list []Cause) {
	middle := float64(mean(rows))
	variance := 0.0
	covariances := map[*Path]float64{}
	for _, w := range rows {
		off := float64(w.total) - middle
		variance += off * off
		for i := range w.parts { // the mean of a path's times falls out, since the offs add up to 0
			if p := &w.parts[i]; p.took > 0 {
				covariances[p.path] += off * float64(p.took)
			}
		}
	}
	if variance == 0 {
		return nil
	}
	for path, c := range covariances {
		list = append(list, Cause{Path: path, Share: c / variance})
	}
	slices.SortFunc(list, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Path.Depth, b.Path.Depth), compare(a.Path, b.Path), cmp.Compare(a.Path.String(), b.Path.String()))
	})
	return list
}

// most is of how many causes attributes are compared.
const most = 20

// contrast puts the slow traces beside the fast ones.
func (p *Profile) contrast(list []Cause, slow, fast []*row) {
	inSlow, inFast := gather(slow), gather(fast)
	nothing := &group{}
	of := func(g map[*Path]*group, path *Path) *group {
		if one := g[path]; one != nil {
			return one
		}
		return nothing
	}
	for i := range list {
		c := &list[i]
		s, f := of(inSlow, c.Path), of(inFast, c.Path)
		c.SlowTime, c.FastTime = time.Duration(s.took/float64(len(slow))), time.Duration(f.took/float64(len(fast)))
		c.SlowCount, c.FastCount = s.count/float64(len(slow)), f.count/float64(len(fast))
		if i >= most {
			continue
		}
		for up := c.Path; up != nil; up = up.Above {
			c.Separates = append(c.Separates, p.separate(up, of(inSlow, up), of(inFast, up))...)
		}
		slices.SortStableFunc(c.Separates, func(a, b Value) int { return cmp.Compare(b.InSlow-b.InFast, a.InSlow-a.InFast) })
		c.Separates = c.Separates[:min(len(c.Separates), 3)]
	}
}

// group is what a path had of several traces.
type group struct {
	took, count float64
	traces      int
	values      map[int32]int
}

func gather(rows []*row) map[*Path]*group {
	all := map[*Path]*group{}
	for _, w := range rows {
		for i := range w.parts {
			part := &w.parts[i]
			g := all[part.path]
			if g == nil {
				g = &group{values: map[int32]int{}}
				all[part.path] = g
			}
			g.took += float64(part.took)
			g.count += float64(part.count)
			g.traces++
			for _, v := range part.values {
				g.values[v]++
			}
		}
	}
	return all
}

const (
	// leastApart is by how much the parts of slow and fast traces that have a value
	// differ where it is said to separate them, and by 1/√n more for n slow ones,
	// since few may agree by chance.
	leastApart = 0.5
	// leastTraces is how many slow and fast traces must have points of a path.
	leastTraces = 3
)

// separate are the values that points of the slow traces have and those of the fast
// ones have not.
func (p *Profile) separate(path *Path, slow, fast *group) (list []Value) {
	if slow.traces < leastTraces || fast.traces < leastTraces {
		return nil
	}
	least := min(1, leastApart+1/math.Sqrt(float64(slow.traces)))
	for i, n := range slow.values {
		v := Value{
			Path: path, Name: p.sample.values.list[i].name, Text: p.sample.values.list[i].text,
			InSlow: float64(n) / float64(slow.traces), InFast: float64(fast.values[i]) / float64(fast.traces),
		}
		if v.InSlow-v.InFast >= least && p.sample.values.few(i) {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b Value) int {
		return cmp.Or(cmp.Compare(b.InSlow-b.InFast, a.InSlow-a.InFast), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Text, b.Text))
	})
	return list
}
