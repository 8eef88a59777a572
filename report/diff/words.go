package diff

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/report/profile"
)

// Kind is what sort of difference a cause is.
type Kind string

// The kinds: the points of a path are only in the traces after, only in those
// before, more or fewer, and as many but slower or faster.
const (
	New    Kind = "new"
	Gone   Kind = "gone"
	More   Kind = "more"
	Fewer  Kind = "fewer"
	Slower Kind = "slower"
	Faster Kind = "faster"
)

// Cause is a difference in words. What is new, gone, more or fewer stands for all
// that is below it.
type Cause struct {
	Kind Kind
	Path *profile.Path
	Took time.Duration // by how much longer it made a trace, with what is below it if that is meant
	Text string        // hostile
}

const (
	// leastTraces is the part of the traces of a side in which a path is that is
	// called new or gone.
	leastTraces = 0.05
	// leastCount is by what part of it a count differs that is called more or fewer.
	leastCount = 0.05
	// leastTime is the part of the time of a trace by which a path is called slower,
	// and leastSlower what is not told from noise.
	leastTime   = 0.05
	leastSlower = time.Millisecond
)

// causes are the differences that matter: those in what is done before those in
// time, each by the time.
func causes(list []*Change, before, after int) (all []Cause) {
	var time0 time.Duration
	for _, c := range list {
		time0 += c.Before.Critical
	}
	told := map[*Change]bool{} // what is below them is not told
	byDepth := slices.Clone(list)
	slices.SortStableFunc(byDepth, func(a, b *Change) int { return cmp.Compare(a.Path.Depth, b.Path.Depth) })
	for _, c := range byDepth {
		kind := c.structure(before, after)
		if c.above != nil && told[c.above] {
			told[c] = true
			continue
		}
		if kind != "" {
			told[c] = true
			all = append(all, Cause{kind, c.Path, c.below, c.say(kind)})
		}
	}
	structural := len(all)
	for _, c := range list {
		if told[c] || float64(c.Contribution.Abs()) < leastTime*float64(time0) || c.Contribution.Abs() < leastSlower {
			continue
		}
		kind := Slower
		if c.Contribution < 0 {
			kind = Faster
		}
		all = append(all, Cause{kind, c.Path, c.Contribution, c.say(kind)})
	}
	for _, part := range [][]Cause{all[:structural], all[structural:]} {
		slices.SortStableFunc(part, func(a, b Cause) int { return cmp.Compare(b.Took.Abs(), a.Took.Abs()) })
	}
	return all
}

// structure is how the number of a path's points differs, "" if it hardly does.
func (c *Change) structure(before, after int) Kind {
	many := func(traces, of int) bool { return float64(traces) >= leastTraces*float64(of) }
	a, b := c.Before.Count, c.After.Count
	switch {
	case c.New():
		if many(c.After.Traces, after) {
			return New
		}
	case c.Gone():
		if many(c.Before.Traces, before) {
			return Gone
		}
	case math.Abs(b-a) <= leastCount*max(a, b):
	case b > a:
		return More
	default:
		return Fewer
	}
	return ""
}

func (c *Change) say(kind Kind) string {
	text := c.Path.Named()
	switch kind {
	case New:
		text += times(c.After.Count)
	case Gone:
		text += times(c.Before.Count)
	case More, Fewer:
		text += " ×" + figures.Mean(c.After.Count) + " instead of ×" + figures.Mean(c.Before.Count)
	default:
		text = c.Path.Own()
	}
	if above := c.Path.Above; above != nil {
		text += ", below " + above.Named()
	}
	took := c.below
	if kind == Slower || kind == Faster {
		took = c.Contribution
		text += ": " + figures.Duration(c.Before.Critical) + " → " + figures.Duration(c.After.Critical)
	}
	return text + ": " + Signed(took)
}

// times says how often a trace does something, unless that is once.
func times(n float64) string {
	if n == 1 {
		return ""
	}
	return " ×" + figures.Mean(n)
}

// Signed writes a difference with its sign.
func Signed(d time.Duration) string {
	d = d.Truncate(time.Microsecond)
	if d > 0 {
		return "+" + figures.Duration(d)
	}
	return figures.Duration(d)
}

// percent writes by what part a time differs, "" where there was none.
func percent(before, after time.Duration) string {
	if before <= 0 {
		return ""
	}
	return fmt.Sprintf("%+.0f %%", 100*(float64(after)/float64(before)-1))
}

// words are the first sentence.
func (d *Diff) words() string {
	kinds := d.After.Kinds()
	for _, k := range d.Before.Kinds() {
		if d.After.Same(k) == nil {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		return "there are no traces"
	}
	what := kinds[0].Title
	if n := len(kinds) - 1; n > 0 {
		what += " and " + figures.Counted(n, "other kind")
	}
	before, after := Mean(d.Before), Mean(d.After)
	text := fmt.Sprintf("%s: %s → %s", what, figures.Duration(before), figures.Duration(after))
	if p := percent(before, after); p != "" {
		text += " (" + p + ")"
	}
	if d.Before.Traces != 1 || d.After.Traces != 1 {
		text += fmt.Sprintf(" in the mean of %s and %s", figures.Counted(d.Before.Traces, "trace"), figures.Counted(d.After.Traces, "trace"))
	}
	return text
}
