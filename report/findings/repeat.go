package findings

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
)

// repeat is calls that are repeated below one node, or below several that are
// alike: one key, or a sequence of them that comes again and again.
type repeat struct {
	parents int
	parent  int32 // the first
	keys    []int32
	members []int32 // of all keys
	rounds  int
	most    int // that ran at once
}

// groups are the findings about siblings that are alike.
func (t *tree) groups() (list []candidate) {
	repeats, tries := pool[repeat]{}, pool[retried]{}
	t.groupsOf(func(siblings []*group) {
		for _, g := range siblings {
			t.findTries(g)
			if len(g.tries) > 0 {
				t.addTries(&tries, g)
			}
			g.members = slices.DeleteFunc(g.members, func(m int32) bool { return t.nodes[m].is(failed) })
			if c, ok := t.outlier(g); ok {
				list = append(list, c)
				if worst := c.members[0]; 2*t.nodes[worst].onPath > t.onPath(g.members) {
					g.members = slices.DeleteFunc(g.members, func(m int32) bool { return m == worst })
				}
			}
		}
		t.addRepeats(&repeats, siblings)
	})
	for _, r := range repeats.list {
		if c, ok := t.repeated(r); ok {
			list = append(list, c)
		}
	}
	for _, r := range tries.list {
		if c, ok := t.retries(r); ok {
			list = append(list, c)
		}
	}
	return list
}

func (t *tree) onPath(members []int32) (sum int64) {
	for _, m := range members {
		sum += t.nodes[m].onPath
	}
	return sum
}

// pool has what is alike below different nodes that are alike.
type pool[T any] struct {
	list  []*T
	index map[string]*T
}

func (p *pool[T]) of(parentKey int32, keys ...int32) (x *T, isNew bool) {
	name := binary.AppendVarint(make([]byte, 0, 32), int64(parentKey))
	for _, key := range keys {
		name = binary.AppendVarint(name, int64(key))
	}
	if x = p.index[string(name)]; x != nil {
		return x, false
	}
	if p.index == nil {
		p.index = map[string]*T{}
	}
	x = new(T)
	p.index[string(name)] = x
	p.list = append(p.list, x)
	return x, true
}

// addRepeats takes the groups that are repeated often enough, those that take
// turns as one. Calls that failed are no part of them: that they failed is said.
func (t *tree) addRepeats(all *pool[repeat], siblings []*group) {
	var often []*group
	for _, g := range siblings {
		if len(g.members) > 0 && t.count(g.members) >= t.o.MinRepeats && t.nodes[g.members[0]].calls > 0 && !t.forConnection(t.nodes[g.members[0]].key) {
			often = append(often, g)
		}
	}
	slices.SortStableFunc(often, func(a, b *group) int { return t.earlier(a.members[0], b.members[0]) })
	var turns [][]*group
	for _, g := range often {
		k := len(turns) - 1
		for k >= max(0, len(turns)-mostTurns) && !t.takeTurns(turns[k][0], g) {
			k--
		}
		if k < max(0, len(turns)-mostTurns) {
			turns = append(turns, []*group{g})
		} else {
			turns[k] = append(turns[k], g)
		}
	}
	for _, turn := range turns {
		t.addRepeat(all, turn)
	}
}

// mostTurns is how many sequences a group is compared with, the last ones.
const mostTurns = 8

// takeTurns says whether the calls of a and b are made one of each in turn.
func (t *tree) takeTurns(a, b *group) bool {
	if len(a.members) != len(b.members) || t.count(a.members) != t.count(b.members) {
		return false
	}
	fits := 0
	for k, m := range a.members {
		from := t.nodes[b.members[k]].from
		if t.nodes[m].from <= from && (k+1 == len(a.members) || from <= t.nodes[a.members[k+1]].from) {
			fits++
		}
	}
	return 10*fits >= 9*len(a.members)
}

func (t *tree) addRepeat(all *pool[repeat], turn []*group) {
	keys := make([]int32, len(turn))
	for k, g := range turn {
		keys[k] = g.key
	}
	r, isNew := all.of(t.nodes[turn[0].parent].key, keys...)
	if isNew {
		r.parent, r.keys = turn[0].parent, keys
	}
	r.parents++
	r.rounds += t.count(turn[0].members)
	var members []int32
	for _, g := range turn {
		members = append(members, g.members...)
	}
	r.most = max(r.most, t.atOnce(members))
	r.members = append(r.members, members...)
}

// atOnce is how many of the nodes ran at one time. One that stands for several says so
// itself: when each of them ran is not known.
func (t *tree) atOnce(members []int32) (most int) {
	most = 1
	members = slices.DeleteFunc(slices.Clone(members), func(m int32) bool {
		r := t.standsFor(&t.nodes[m])
		if r != nil {
			most = max(most, r.AtOnce)
		}
		return r != nil
	})
	if len(members) == 0 {
		return most
	}
	slack := t.slack(&t.nodes[t.nodes[members[0]].parent])
	starts, ends := make([]int64, len(members)), make([]int64, len(members))
	for k, m := range members {
		n := &t.nodes[m]
		starts[k], ends[k] = n.from, n.to-min(slack, (n.to-n.from)/10)
	}
	slices.Sort(starts)
	slices.Sort(ends)
	ended := 0
	for k := range starts {
		for ended < len(ends) && ends[ended] <= starts[k] {
			ended++
		}
		most = max(most, k+1-ended)
	}
	return most
}

// repeated judges repeated calls by what one call instead of each would save: all
// but one of each key that takes as long as is usual, or as long as the longest if
// they ran at once. What was not waited for says nothing of that.
func (t *tree) repeated(r *repeat) (candidate, bool) {
	took := int64(0)
	lasted := map[int32][]int64{}
	for _, m := range r.members {
		if n := &t.nodes[m]; n.onPath > 0 {
			took += n.onPath
			if r := t.standsFor(n); r != nil && r.AtOnce == 1 {
				lasted[n.key] = append(lasted[n.key], min(n.onPath, t.each(n)))
			} else {
				lasted[n.key] = append(lasted[n.key], t.longest(n))
			}
		}
	}
	saves := took
	for _, list := range lasted {
		if r.most > 1 {
			saves -= slices.Max(list)
		} else {
			saves -= medianOf(len(list), func(k int) int64 { return list[k] })
		}
	}
	if !t.matters(saves) {
		return candidate{}, false
	}
	c := candidate{weight: saves, members: r.members}
	c.say = func() Finding { return t.sayRepeated(r, took, saves) }
	return c, true
}

// longestOnPath are those of the members that everything waited for longest, as many as
// a finding has points.
func (t *tree) longestOnPath(members []int32) []int32 {
	longest := make([]int32, 0, mostPoints+1)
	for _, m := range members {
		at := len(longest)
		for at > 0 && t.nodes[longest[at-1]].onPath < t.nodes[m].onPath {
			at--
		}
		if at < mostPoints {
			longest = slices.Insert(longest, at, m)
			longest = longest[:min(len(longest), mostPoints)]
		}
	}
	return longest
}

func (t *tree) sayRepeated(r *repeat, took, saves int64) Finding {
	var names []string
	firsts := make([]int32, len(r.keys))
	for k, key := range r.keys {
		if k == 3 {
			names = append(names, figures.Grouped(len(r.keys)-k)+" more")
			break
		}
		names = append(names, t.title(key))
	}
	for k, key := range r.keys {
		firsts[k] = r.members[slices.IndexFunc(r.members, func(m int32) bool { return t.nodes[m].key == key })]
	}
	f := Finding{
		Kind: Repeated, Points: t.points(t.longestOnPath(r.members)), Count: t.count(r.members),
		Took: span(took), Share: t.share(took), SavesMax: span(saves), SavesMin: span(t.between(r.members, saves)),
		Signature: t.signature(Repeated, firsts),
	}
	f.Text = strings.Join(names, " + ") + times(r.rounds)
	if inner := t.inside(r); inner != "" {
		f.Text += ", each with " + inner
	}
	if r.most == 1 {
		f.Text += ", one after the other"
	} else {
		f.Text += ", up to " + figures.Grouped(r.most) + " at once"
	}
	f.Text += t.below(r.parent, r.parents) + ": " + t.amount(took)
	t.sayArguments(r, &f)
	return f
}

// sayArguments says whether the calls differ, which decides what would help.
func (t *tree) sayArguments(r *repeat, f *Finding) {
	one := "one call for all saves about "
	f.Confidence = Inferred
	f.Because = "whether the calls differ in their arguments is not recorded; the saving takes one call for all to take as long as one usually does"
	if a := t.argumentsOf(r.members); len(r.keys) > 1 || !t.nodes[r.members[0]].is(call) {
		one = "one of each for all saves about "
	} else if a.known && a.distinct == 1 {
		one = "all the same, so one call saves about "
		f.Confidence = Measured
		f.Because = "the calls are known to be the same; the saving takes their answer to be the same too"
	} else if a.distinct > 1 {
		f.Confidence = Measured
		f.Because = "the calls are known to differ in their arguments; the saving takes one call for all to take as long as one usually does"
		if a.known && a.distinct < min(t.count(r.members), mostCompared) {
			one = "only " + figures.Grouped(a.distinct) + " differ; " + one
		}
	}
	f.Text += "; " + one + figures.Duration(f.SavesMax)
}

// inside names the call that a repeated piece of work consists of, if it is no
// call itself.
func (t *tree) inside(r *repeat) string {
	first := r.members[0]
	if len(r.keys) > 1 || t.nodes[first].is(call) {
		return ""
	}
	var names []string
	seen := map[int32]bool{}
	n := 0
	for i := first + 1; i < t.nodes[first].end && n <= 3; i++ {
		if c := &t.nodes[i]; c.is(call) && !seen[c.key] {
			seen[c.key] = true
			if n++; n <= 2 {
				names = append(names, t.title(c.key))
			}
		}
	}
	if n > 2 {
		return strings.Join(names, ", ") + " and more"
	}
	return strings.Join(names, " and ")
}

// between is the part of a saving that is certain: what passes between a caller
// and the other side, where that is recorded.
func (t *tree) between(members []int32, most int64) (certain int64) {
	longest := int64(0)
	for _, m := range members {
		n := &t.nodes[m]
		if n.kind != layer.Client {
			return 0
		}
		if m+1 == n.end || t.nodes[m+1].kind != layer.Server {
			return 0
		}
		certain += n.own
		longest = max(longest, n.own)
	}
	return min(most, certain-longest)
}

// below says where calls were made.
func (t *tree) below(parent int32, parents int) string {
	n := &t.nodes[parent]
	if n.index == none {
		return ""
	}
	if parents > 1 {
		return ", below " + t.title(n.key) + times(parents) + in(t.point(n).Service)
	}
	return ", below " + t.titleOf(parent)
}

// amount is a time on the path with its share: "687 ms, 99 %".
func (t *tree) amount(took int64) string {
	return figures.Duration(span(took)) + fmt.Sprintf(", %.0f %%", 100*t.share(took))
}
