package timeline

import (
	"cmp"
	"container/heap"
	"slices"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/internal/terminal"
)

// Process is a service on a host.
type Process struct{ Service, Host string }

// String names it in a drawing.
func (p Process) String() string {
	name := cmp.Or(terminal.Clean(p.Service), "(no service)")
	if p.Host != "" {
		name += " on " + terminal.Clean(p.Host)
	}
	return name
}

// Lane is a part of a process in which spans nest: no two overlap unless one is
// inside the other and below it.
type Lane struct {
	Process int32
	Number  int // in its process, from 1
}

// String names it in a drawing.
func (l Lane) String() string { return "lane " + strconv.Itoa(l.Number) }

// Lanes are the lanes of a timeline, by process.
type Lanes struct {
	*Timeline
	Processes []Process
	Lanes     []Lane

	byLane []int32 // spans, by lane and then by their beginning
	first  []int   // of a lane, in byLane; one more than there are lanes
}

// Lay gives each span a lane: that of the span above if both are of one process and
// it fits there, and else one that is free. It takes n log n time.
func Lay(t *Timeline) *Lanes {
	l := &Lanes{Timeline: t}
	processes := map[Process]int32{}
	var free []*byEnd // lanes by process
	var top []int32   // the innermost span of each lane that may still run
	for i := range t.inOrder() {
		s := &t.Spans[i]
		who := Process{s.Point.Service, s.Point.Host}
		p, ok := processes[who]
		if !ok {
			p = int32(len(l.Processes))
			processes[who] = p
			l.Processes = append(l.Processes, who)
			free = append(free, &byEnd{})
		}
		if lane := l.fits(i, p, top); lane != none {
			s.Lane, s.inside, top[lane] = lane, s.Above, i
			continue
		}
		if f := free[p]; len(*f) > 0 && (*f)[0].until <= s.From {
			s.Lane = (*f)[0].lane
			(*f)[0].until = s.To
			heap.Fix(f, 0)
		} else {
			s.Lane = int32(len(l.Lanes))
			l.Lanes = append(l.Lanes, Lane{p, len(*f) + 1})
			top = append(top, none)
			heap.Push(f, end{s.To, s.Lane})
		}
		top[s.Lane] = i
	}
	l.gather()
	return l
}

// fits is the lane of the span above i if i can be drawn inside it there.
func (l *Lanes) fits(i, process int32, top []int32) (lane int32) {
	s := &l.Spans[i]
	if s.Above == none {
		return none
	}
	above := &l.Spans[s.Above]
	lane = above.Lane
	if lane == none || l.Lanes[lane].Process != process || s.To > above.To {
		return none
	}
	in := top[lane]
	for in != none && in != s.Above && l.Spans[in].To <= s.From {
		in = l.Spans[in].inside
	}
	if top[lane] = in; in != s.Above {
		return none
	}
	return lane
}

// gather sorts the spans by lane, and the lanes by process.
func (l *Lanes) gather() {
	place := make([]int32, len(l.Lanes)) // of lanes, sorted
	for i := range place {
		place[i] = int32(i)
	}
	slices.SortStableFunc(place, func(a, b int32) int { return cmp.Compare(l.Lanes[a].Process, l.Lanes[b].Process) })
	sorted, now := make([]Lane, len(place)), make([]int32, len(place))
	for i, lane := range place {
		sorted[i], now[lane] = l.Lanes[lane], int32(i)
	}
	l.Lanes, l.first = sorted, make([]int, len(sorted)+1)
	for i := range l.Spans {
		s := &l.Spans[i]
		s.Lane = now[s.Lane]
		l.first[s.Lane+1]++
	}
	for i := range sorted {
		l.first[i+1] += l.first[i]
	}
	l.byLane = make([]int32, len(l.Spans))
	next := slices.Clone(l.first)
	for i := range l.inOrder() {
		lane := l.Spans[i].Lane
		l.byLane[next[lane]] = i
		next[lane]++
	}
}

// Events calls open and end with the spans of a lane in an order in which they nest
// and time never goes back. It stops when either returns false.
func (l *Lanes) Events(lane int, open, end func(i int32) bool) {
	in := int32(none)
	for _, i := range l.byLane[l.first[lane]:l.first[lane+1]] {
		for in != l.Spans[i].inside {
			if !end(in) {
				return
			}
			in = l.Spans[in].inside
		}
		if in = i; !open(i) {
			return
		}
	}
	for ; in != none; in = l.Spans[in].inside {
		if !end(in) {
			return
		}
	}
}

// Crossings are the spans that are on another lane than the one above, which began
// no later: by the span above, and then by their places.
func (l *Lanes) Crossings() (list []int32) {
	for i := range l.Spans {
		s := &l.Spans[i]
		if s.Above == none {
			continue
		}
		if above := &l.Spans[s.Above]; above.Lane != s.Lane && above.From <= s.From {
			list = append(list, int32(i))
		}
	}
	slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(l.Spans[a].Above, l.Spans[b].Above) })
	return list
}

// end says when a lane is free.
type end struct {
	until time.Duration
	lane  int32
}

// byEnd is a heap of lanes.
type byEnd []end

func (h byEnd) Len() int { return len(h) }
func (h byEnd) Less(a, b int) bool {
	if h[a].until != h[b].until {
		return h[a].until < h[b].until
	}
	return h[a].lane < h[b].lane
}
func (h byEnd) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h *byEnd) Push(x any)   { *h = append(*h, x.(end)) }
func (h *byEnd) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}
