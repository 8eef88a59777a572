package findings

import (
	"cmp"
	"slices"
	"time"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
)

// consistent is the part of a service's served calls that one offset has to put
// inside their callers.
const consistent = 0.9

// pair is a call: what has to be added to the server point's times, at least and
// at most, so that it lies inside the client point.
type pair struct {
	server   int32
	low, top int64
	slack    int64
	certain  bool // it began before its caller, or after its caller had ended
}

func (p *pair) inside(shift int64) bool { return p.low-p.slack <= shift && shift <= p.top+p.slack }

// measured is a shift with what proves it.
type measured struct {
	Shift
	points  []*report.Point
	outside int // how many server points are outside their callers as recorded
	of      int
}

// correct finds the clocks that differ from their callers' and moves the nodes'
// times onto the root's clock. The report stays as it is.
//
// Only calls between hosts prove anything, and only those that went well: one
// whose caller gave up may well be served outside of it. A message proves nothing,
// since it may wait.
func (t *tree) correct() (list []measured) {
	shifts := make([]int64, len(t.sources))
	bounds := make([]time.Duration, len(t.sources))
	against := make([]int32, len(t.sources)) // whose clock a corrected one was put on
	t.unsure = make([]bool, len(t.sources))
	order := t.sourcesFromRoot()
	calls := t.callsBySource(order)
	byHost := map[string]int64{}
	for _, s := range order {
		host := t.sources[s].host
		if len(calls[s]) == 0 {
			shifts[s] = byHost[host]
			continue
		}
		pairs := make([]pair, len(calls[s]))
		for k, i := range calls[s] {
			pairs[k] = t.pair(i, shifts)
		}
		m := judge(pairs)
		if m == nil {
			continue
		}
		m.Service, m.Host = t.sources[s].service, host
		for k := range pairs[:min(len(pairs), mostPoints)] {
			m.points = append(m.points, t.point(&t.nodes[pairs[k].server]))
		}
		against[s] = t.callerOf(&pairs[0])
		callers := time.Duration(0) // what is not known of their clocks
		for k := range pairs {
			callers = max(callers, bounds[t.callerOf(&pairs[k])])
		}
		if m.Corrected {
			m.Bound += callers
			bounds[s] = m.Bound
			if shifts[against[s]] != 0 {
				against[s] = against[against[s]]
			}
		}
		m.Against = t.sources[against[s]].service
		if m.Corrected {
			shifts[s] = micros(m.By)
			byHost[host] = shifts[s]
		}
		t.unsure[s] = !m.Corrected
		list = append(list, *m)
	}
	for i := range t.nodes[1:] {
		n := &t.nodes[i+1]
		n.from += shifts[n.source]
		if n.to += shifts[n.source]; n.is(open) {
			n.to = max(n.from, t.end)
		}
	}
	return list
}

// sourcesFromRoot are the sources, the root's first, then those that have points
// right below or above points of it, and so on; those alike by their first point.
func (t *tree) sourcesFromRoot() []int32 {
	next := make([][]int32, len(t.sources))
	first := make([]int32, len(t.sources)) // the earliest node of each
	seen := map[[2]int32]bool{}
	for i := range t.nodes[1:] {
		n := &t.nodes[i+1]
		a, b := n.source, t.nodes[n.parent].source
		if first[a] == 0 || t.earlier(int32(i+1), first[a]) < 0 {
			first[a] = int32(i + 1)
		}
		if n.parent == 0 || a == b || seen[[2]int32{a, b}] {
			continue
		}
		seen[[2]int32{a, b}], seen[[2]int32{b, a}] = true, true
		next[a], next[b] = append(next[a], b), append(next[b], a)
	}
	byTime := make([]int32, len(t.sources))
	for s := range byTime {
		byTime[s] = int32(s)
	}
	compare := func(a, b int32) int { return t.earlier(first[a], first[b]) }
	slices.SortFunc(byTime, compare)
	var order []int32
	reached := make([]bool, len(t.sources))
	visit := func(s int32) {
		if !reached[s] {
			reached[s] = true
			order = append(order, s)
		}
	}
	if t.root > 0 {
		visit(t.nodes[t.root].source)
	}
	for done := 0; len(order) < len(t.sources); {
		if done == len(order) { // the rest hangs together with none of these
			visit(byTime[0])
			byTime = byTime[1:]
			continue
		}
		slices.SortFunc(next[order[done]], compare)
		for _, s := range next[order[done]] {
			visit(s)
		}
		done++
	}
	return order
}

// callsBySource are the server points that can prove something about a clock. A
// clock is compared with those that come before it in the order.
func (t *tree) callsBySource(order []int32) [][]int32 {
	calls := make([][]int32, len(t.sources))
	rank := make([]int, len(t.sources))
	for k, s := range order {
		rank[s] = k
	}
	for i := range t.nodes[1:] {
		n := &t.nodes[i+1]
		above := &t.nodes[n.parent]
		here, there := t.sources[n.source].host, ""
		if above.index != none {
			there = t.sources[above.source].host
		}
		if n.kind == layer.Server && above.kind == layer.Client && here != "" && there != "" && here != there &&
			rank[above.source] < rank[n.source] && !n.is(open|noStart) && !above.is(open|noStart) &&
			!above.is(failed|timedOut|cancelled) {
			calls[n.source] = append(calls[n.source], int32(i+1))
		}
	}
	return calls
}

func (t *tree) callerOf(p *pair) (source int32) { return t.nodes[t.nodes[p.server].parent].source }

func (t *tree) pair(i int32, shifts []int64) pair {
	n := &t.nodes[i]
	above := &t.nodes[n.parent]
	by := shifts[above.source]
	p := pair{server: i, low: above.from + by - n.from, top: above.to + by - n.to, slack: t.slack(above)}
	p.certain = p.low > p.slack || n.from > above.to+by+p.slack
	if p.low > p.top && p.low-p.top <= 2*p.slack {
		p.low, p.top = p.top, p.low
	}
	return p
}

// judge finds the offset that puts most server points inside their callers, nil
// if they are there as they are.
func judge(pairs []pair) *measured {
	need := int(consistent*float64(len(pairs)) + 0.999)
	outside, certain := 0, 0
	for k := range pairs {
		if !pairs[k].inside(0) {
			outside++
		}
		if pairs[k].certain {
			certain++
		}
	}
	if len(pairs)-outside >= need {
		return nil
	}
	low, top, depth := deepest(pairs)
	by := low + (top-low)/2
	network := medianOf(len(pairs), func(k int) int64 { return pairs[k].top - pairs[k].low })
	proven := 2*certain >= outside || len(pairs) >= 3 && abs(by) > 10*network
	if depth >= need {
		if !proven || abs(by) <= network {
			return nil // handlers that run on look like that too
		}
		return &measured{
			Shift:   Shift{By: span(by), Bound: span((top - low + 1) / 2), Corrected: true},
			outside: outside, of: len(pairs),
		}
	}
	if len(pairs)-certain >= need {
		return nil
	}
	return &measured{outside: outside, of: len(pairs)}
}

// deepest is the interval of offsets that is inside the most pairs.
func deepest(pairs []pair) (low, top int64, depth int) {
	type edge struct {
		at  int64
		end bool
	}
	edges := make([]edge, 0, 2*len(pairs))
	for k := range pairs {
		if p := &pairs[k]; p.low <= p.top {
			edges = append(edges, edge{p.low, false}, edge{p.top, true})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if c := cmp.Compare(a.at, b.at); c != 0 || a.end == b.end {
			return c
		}
		if b.end {
			return -1
		}
		return 1
	})
	now := 0
	for k, e := range edges {
		if e.end {
			now--
			continue
		}
		if now++; now > depth {
			low, top, depth = e.at, edges[k+1].at, now
		}
	}
	return low, top, depth
}

func abs(n int64) int64 { return max(n, -n) }

func medianOf(n int, value func(int) int64) int64 {
	if n == 0 {
		return 0
	}
	list := make([]int64, n)
	for k := range list {
		list[k] = value(k)
	}
	slices.Sort(list)
	return list[n/2]
}

func skewFindings(t *tree, shifts []measured) (list []Finding) {
	for i := range shifts {
		m := &shifts[i]
		f := Finding{
			Kind: Skew, Points: m.points, Count: m.of, Confidence: Measured,
			Signature: signature(Skew, m.Service, m.Host),
		}
		where := "the clock of " + named(m.Service, "a service without a name") + " on " + shorten(m.Host)
		if m.Corrected {
			word := "behind"
			if m.By < 0 {
				word = "ahead"
			}
			f.Text = where + " is " + figures.Duration(time.Duration(abs(int64(m.By)))) + " ± " + figures.Duration(m.Bound) + " " + word +
				" of " + named(m.Against, "its caller") + "'s: corrected here, not in the records"
			if word == "behind" {
				f.Text = where + " is " + figures.Duration(m.By) + " ± " + figures.Duration(m.Bound) + " behind " + named(m.Against, "its caller") +
					"'s: corrected here, not in the records"
			}
			f.Because = "one offset puts at least 90 % of its " + figures.Counted(m.of, "served call") + " inside their callers; it assumes that calls take as long to arrive as to return, and the bound is what that can be off by"
		} else {
			f.Confidence = Inferred
			f.Text = where + " differs from " + named(m.Against, "its caller") + "'s, by no one offset: " +
				figures.Grouped(m.outside) + " of " + figures.Counted(m.of, "served call") + " lie outside of their callers, and nothing is corrected"
			f.Because = "a clock that was set while the trace ran looks like that, and so do two processes that give themselves the same host and service"
		}
		list = append(list, f)
	}
	return list
}

func named(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return shorten(name)
}
