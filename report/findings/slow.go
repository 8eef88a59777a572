package findings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
)

const (
	// slowShare is the part of the root's time from which one thing is called slow.
	slowShare = 0.2
	// farAway is how many times the median's duration an outlier has.
	farAway = 5
	// fewest is how many siblings a median is taken of.
	fewest = 5
)

// outlier finds the one of a group that took far longer than the others.
func (t *tree) outlier(g *group) (candidate, bool) {
	if len(g.members) < fewest || t.forConnection(t.nodes[g.members[0]].key) {
		return candidate{}, false
	}
	worst := g.members[0]
	for _, m := range g.members {
		if n := &t.nodes[m]; t.standsFor(n) == nil && n.onPath > t.nodes[worst].onPath {
			worst = m
		}
	}
	n := &t.nodes[worst]
	if n.is(open) || t.standsFor(n) != nil || n.onPath < micros(t.o.MinTime) || !t.matters(n.onPath) {
		return candidate{}, false
	}
	median := medianOf(len(g.members), func(k int) int64 { return t.each(&t.nodes[g.members[k]]) })
	if n.to-n.from < farAway*median {
		return candidate{}, false
	}
	far := 0
	for _, m := range g.members {
		if o := &t.nodes[m]; t.each(o) >= max(farAway*median, (n.to-n.from)/farAway) {
			far++
		}
	}
	if 10*far > len(g.members) && far > 1 {
		return candidate{}, false // not one but another sort
	}
	saves := n.onPath - min(median, n.onPath)
	c := candidate{weight: n.onPath, members: []int32{worst}}
	siblings := t.count(g.members)
	c.say = func() Finding {
		f := Finding{
			Kind: Outlier, Points: t.points([]int32{worst}), Count: siblings, Confidence: Measured,
			Took: span(n.onPath), Share: t.share(n.onPath), SavesMax: span(saves), Signature: t.signature(Outlier, []int32{worst}),
			Because: "if its work is larger than that of the others, it takes longer for that",
		}
		f.Text = "one of " + t.title(n.key) + times(siblings) + t.below(g.parent, 1) + " took far longer than the median of " +
			figures.Duration(span(median)) + ": " + t.amount(n.onPath)
		if w := t.heart(worst); w != worst {
			f.Text += ", most of it in " + t.titleOf(w)
			f.Points = append(f.Points, t.point(&t.nodes[w]))
		}
		return f
	}
	return c, true
}

// heart is the point of a subtree that most of its time on the path belongs to,
// itself if there is none.
func (t *tree) heart(i int32) int32 {
	for m := i; m < t.nodes[i].end; m++ {
		if 2*t.nodes[m].own > t.nodes[i].onPath {
			return m
		}
	}
	return i
}

// slow finds what the root waited for longest, of the points that waited
// for nothing below them, those that are alike as one.
func (t *tree) slow() (list []candidate) {
	sums := make([]int64, len(t.keys.list))
	longest := make([]int32, len(t.keys.list))
	eligible := t.said()
	for i, is := range eligible {
		eligible[i] = !is && t.nodes[i].index != none && t.nodes[i].own == t.nodes[i].onPath && !t.nodes[i].is(open) && !t.forConnection(t.nodes[i].key)
		if n := &t.nodes[i]; eligible[i] {
			sums[n.key] += n.own
			if longest[n.key] == 0 || n.own > t.nodes[longest[n.key]].own {
				longest[n.key] = int32(i)
			}
		}
	}
	enough := func(took int64) bool {
		return took >= micros(t.o.MinTime) && t.share(took) >= max(slowShare, t.o.MinShare)
	}
	several := map[int32][]int32{}
	for i := range t.nodes {
		if n := &t.nodes[i]; eligible[i] && n.own > 0 && enough(sums[n.key]) {
			several[n.key] = append(several[n.key], int32(i))
		}
	}
	for key, took := range sums {
		members := several[int32(key)]
		if len(members) == 0 {
			continue
		}
		slices.SortStableFunc(members, func(a, b int32) int { return cmp.Compare(t.nodes[b].own, t.nodes[a].own) })
		weight := took
		if t.count(members) >= t.o.MinRepeats {
			weight = t.longest(&t.nodes[members[0]])
		}
		list = append(list, candidate{weight: weight, members: members, say: func() Finding { return t.saySlow(members, took) }})
	}
	return list
}

// said tells which nodes are known to have taken long by a timeout: the one that
// it ended, and what ran below that until then.
func (t *tree) said() []bool {
	list := make([]bool, len(t.nodes))
	for i := 0; i < len(t.nodes); {
		n := &t.nodes[i]
		if !n.is(timedOut) || !n.is(failed) || n.is(failedBelow) {
			i++
			continue
		}
		for m := i; m < int(n.end); m++ {
			list[m] = t.nodes[m].to >= n.to-t.slack(n)
		}
		i = int(n.end)
	}
	return list
}

func (t *tree) saySlow(members []int32, took int64) Finding {
	m := members[0]
	n := &t.nodes[m]
	f := Finding{
		Kind: Slow, Points: t.points(members), Count: t.count(members), Confidence: Measured,
		Took: span(took), Share: t.share(took), Signature: t.signature(Slow, []int32{m}),
		Because: "everything waited for it; nothing below it is recorded that would say why",
	}
	f.Text = t.titleOf(m)
	if f.Count > 1 {
		f.Text = t.title(n.key) + times(f.Count) + in(t.point(n).Service) + ", the longest " + figures.Duration(span(t.longest(n)))
	}
	if n.parent > 0 {
		f.Text += t.below(n.parent, 1)
	}
	f.Text += ": " + t.amount(took)
	return f
}

// sequential finds calls below one point that were made one after the other and
// might be made at once. Whether one needs another's answer nobody records, so it
// keeps to what looks independent: reads.
func (t *tree) sequential() (list []candidate) {
	for parent := int32(0); int(parent) < len(t.nodes); {
		if !t.matters(t.nodes[parent].onPath) { // and so is all below it
			parent = t.nodes[parent].end
			continue
		}
		var calls []int32
		inTx := false
		for c := range t.children(parent) {
			n := &t.nodes[c]
			if t.keys.list[n.key].group == layer.SQL.Group {
				switch t.keys.verbs[n.key] {
				case "BEGIN", "START":
					inTx = true
				case "COMMIT", "ROLLBACK":
					inTx = false
				}
			}
			if n.calls > 0 && !inTx && t.matters(n.onPath) && t.reads(n.key) && !n.is(failed|open) {
				calls = append(calls, c)
			}
		}
		if c, ok := t.chain(parent, t.single(calls)); ok {
			list = append(list, c)
		}
		parent++
	}
	return list
}

// single are the calls that are not repeated, since that is said of the others.
func (t *tree) single(calls []int32) []int32 {
	counts := map[int32]int{}
	for _, c := range calls {
		counts[t.nodes[c].key] += t.times(&t.nodes[c])
	}
	return slices.DeleteFunc(calls, func(c int32) bool { return counts[t.nodes[c].key] >= t.o.MinRepeats })
}

// reads says whether calls of a key look as if they changed nothing.
func (t *tree) reads(key int32) bool {
	k, verb := t.keys.list[key], t.keys.verbs[key]
	switch k.group {
	case layer.SQL.Group:
		return verb == "SELECT"
	case layer.HTTPClient.Group:
		return verb == "GET" || verb == "HEAD"
	case layer.GRPC.Group:
		method := strings.ToLower(k.what[strings.LastIndexByte(k.what, '/')+1:])
		return !slices.ContainsFunc(changes, func(word string) bool { return strings.HasPrefix(method, word) })
	}
	return false
}

// changes are what names of gRPC methods begin with that change something.
var changes = []string{
	"add", "apply", "begin", "book", "cancel", "capture", "charge", "clear", "commit", "create", "delete", "do", "empty", "execute",
	"insert", "lock", "mark", "move", "notify", "pay", "place", "post", "process", "publish", "put", "refund", "register", "release",
	"remove", "reserve", "rollback", "run", "save", "send", "set", "ship", "start", "stop", "store", "submit", "update", "upsert", "write",
}

// chain judges calls that follow one another; those of one key only are rather a
// repetition.
func (t *tree) chain(parent int32, calls []int32) (candidate, bool) {
	if len(calls) < 2 {
		return candidate{}, false
	}
	slices.SortStableFunc(calls, t.earlier)
	if t.atOnce(calls) > 1 {
		return candidate{}, false
	}
	keys := map[int32]bool{}
	took, longest := int64(0), int64(0)
	for _, c := range calls {
		n := &t.nodes[c]
		keys[n.key] = true
		took += n.onPath
		longest = max(longest, n.onPath)
	}
	saves := took - longest
	if len(keys) < 2 || saves < micros(t.o.MinTime) || t.share(saves) < 2*t.o.MinShare {
		return candidate{}, false
	}
	c := candidate{weight: saves, members: calls}
	c.say = func() Finding { return t.saySequential(parent, calls, took, saves) }
	return c, true
}

func (t *tree) saySequential(parent int32, calls []int32, took, saves int64) Finding {
	f := Finding{
		Kind: Sequential, Points: t.points(calls), Count: len(calls), Confidence: Inferred,
		Took: span(took), Share: t.share(took), SavesMax: span(saves), Signature: t.signature(Sequential, calls),
		Because: "it takes no call to need the answer of another, which is not recorded; and the other side to bear them at once",
	}
	for k, c := range calls {
		switch {
		case k == 3 && len(calls) > 4:
			f.Text += " and " + figures.Grouped(len(calls)-k) + " more"
		case k > 3:
		case k == len(calls)-1:
			f.Text += " and " + t.title(t.nodes[c].key)
		case k > 0:
			f.Text += ", " + t.title(t.nodes[c].key)
		default:
			f.Text = t.title(t.nodes[c].key)
		}
	}
	f.Text += " one after the other" + t.below(parent, 1) + ": " + t.amount(took) + "; at once they would save up to " + figures.Duration(span(saves))
	return f
}
