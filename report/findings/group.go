package findings

import (
	"slices"
)

// group is nodes of one key below one node, by their beginning.
type group struct {
	parent  int32
	key     int32
	members []int32
	tries   []try // what was tried again of them
}

// try is a call that was made again until it went well or was given up: places in
// a group's members, the first and one after the last.
type try struct{ first, last int }

// groupsOf yields the groups of two and more, in the order of the walk, but for those
// of which there is nothing to say: a few that went well.
func (t *tree) groupsOf(each func(siblings []*group)) {
	stamps := make([]int32, len(t.keys.list)) // the last parent+1 that a key was seen below
	counts := make([]int32, len(t.keys.list))
	telling := make([]bool, len(t.keys.list))
	few := int32(min(fewest, t.o.MinRepeats))
	is := func(k int32) bool { return counts[k] > 1 && (telling[k] || counts[k] >= few) }
	for i := range t.nodes {
		parent := int32(i)
		any := false
		for c := range t.children(parent) {
			k := t.nodes[c].key
			if stamps[k] != parent+1 {
				stamps[k], counts[k], telling[k] = parent+1, 0, false
			}
			if counts[k]++; t.nodes[c].is(several) {
				counts[k]++ // by itself
			}
			telling[k] = telling[k] || t.nodes[c].is(several|failed)
			any = any || is(k)
		}
		if !any {
			continue
		}
		var siblings []*group
		places := map[int32]*group{}
		for c := range t.children(parent) {
			k := t.nodes[c].key
			if !is(k) {
				continue
			}
			g := places[k]
			if g == nil {
				g = &group{parent: parent, key: k, members: make([]int32, 0, counts[k])}
				places[k] = g
				siblings = append(siblings, g)
			}
			g.members = append(g.members, c)
		}
		for _, g := range siblings {
			slices.SortStableFunc(g.members, t.earlier)
		}
		each(siblings)
	}
}

// mostCompared is of how many members the arguments are compared.
const mostCompared = 10_000

// arguments are what is known of those that a group's calls were made with.
type arguments struct {
	distinct int  // how many different ones there are at least
	known    bool // calls that look equal are equal
}

// argumentsOf compares the calls that one process made: hashes of two cannot be
// compared.
func (t *tree) argumentsOf(members []int32) (a arguments) {
	seen := map[string]bool{}
	a.known = true
	for _, m := range members[:min(len(members), mostCompared)] {
		if t.nodes[m].source != t.nodes[members[0]].source {
			a.known = false
			continue
		}
		if r := t.standsFor(&t.nodes[m]); r != nil && r.Differ {
			a.known = false
		}
		text, known := t.arguments(m)
		seen[text] = true
		a.known = a.known && known
	}
	a.distinct = len(seen)
	return a
}

// same says whether two calls may have been made with the same arguments.
func (t *tree) same(a, b int32) bool {
	x, _ := t.arguments(a)
	y, _ := t.arguments(b)
	return x == y
}

// findTries looks for what was tried again: a call that failed, and after it an
// equal one. Where most calls of a group went well, an equal call is rather the
// next of a list, unless its arguments are known to be the same.
func (t *tree) findTries(g *group) {
	bad := 0
	for _, m := range g.members {
		if t.nodes[m].is(failed) {
			bad++
		}
	}
	if bad == 0 {
		return
	}
	for first := 0; first < len(g.members); {
		last := first + 1
		for last < len(g.members) && t.again(g.members[last-1], g.members[last], 2*bad >= len(g.members)) {
			last++
		}
		if last > first+1 {
			g.tries = append(g.tries, try{first, last})
			for _, m := range g.members[first : last-1] {
				t.nodes[m].flags |= triedAgain
			}
			if end := &t.nodes[g.members[last-1]]; !end.is(failed | open) {
				for _, m := range g.members[first : last-1] {
					t.mend(m)
				}
			}
		}
		first = last
	}
}

// mend marks a subtree, once.
func (t *tree) mend(m int32) {
	if t.nodes[m].is(mended) {
		return
	}
	for i := m; i < t.nodes[m].end; i++ {
		t.nodes[i].flags |= mended
	}
}

// again says whether b is a failed again.
func (t *tree) again(a, b int32, often bool) bool {
	x, y := &t.nodes[a], &t.nodes[b]
	if !x.is(failed) || y.from < x.to-t.slack(&t.nodes[x.parent]) || x.calls == 0 || !t.same(a, b) {
		return false
	}
	if often {
		return true
	}
	_, known := t.arguments(a)
	return known
}
