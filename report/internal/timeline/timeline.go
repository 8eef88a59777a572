// Package timeline lays the points of a report out in time, for the forms that draw
// them: on one clock, with ends for what has not ended, and on lanes where what
// overlaps is apart.
package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// none is the index of no span and of no lane.
const none = -1

// Timeline is a report in time. A span takes 64 bytes; texts are read from the
// report when they are asked for.
type Timeline struct {
	*report.Report
	Began  time.Time     // of the first span, on the root's clock
	Length time.Duration // until the last one has ended
	Spans  []Span        // each after the one above it; those that no root leads to come last

	order []int32 // the spans by their beginning; nil: as they are
}

// Span is when a point ran, counted from the timeline's beginning.
type Span struct {
	Point *report.Point
	Above int32 // index of the span above, -1 if there is none
	Lane  int32 // index of a lane, see Lanes

	// A point without a stop has run until the last record, or until the trace was
	// read. To is never before From.
	From, To time.Duration

	// Self is the time in which no child ran. It is never negative.
	Self time.Duration

	until  time.Duration // what its children have covered so far
	inside int32         // the span that it is drawn inside, of the same lane
}

// Length is how long the point ran.
func (s *Span) Length() time.Duration { return saturate.Add(s.To, -s.From) }

// New lays out a report. Of the options Now means something to it.
func New(r *report.Report, o report.Options) *Timeline {
	t := &Timeline{Report: r, Spans: make([]Span, 0, r.Len())}
	end := r.Duration()
	if !o.Now.IsZero() && r.Unfinished() > 0 {
		end = max(end, o.Now.Sub(r.Began()))
	}
	move := correction(r, o)
	add := func(p *report.Point, above int32) {
		s := Span{Point: p, Above: above, Lane: none, inside: none, From: p.Start(), To: p.Stop()}
		if move != nil {
			by := move(p)
			s.From, s.To = saturate.Add(s.From, by), saturate.Add(s.To, by)
		}
		if !p.HasStop {
			s.To = end
		}
		s.To = max(s.From, s.To)
		t.Spans = append(t.Spans, s)
	}
	var way []int32 // down to the span before
	for p := range r.Walk() {
		above := int32(none)
		if way = way[:p.Depth]; len(way) > 0 {
			above = way[len(way)-1]
		}
		way = append(way, int32(len(t.Spans)))
		add(p, above)
	}
	tree := len(t.Spans)
	for p := range r.Unreachable() {
		add(p, none)
	}
	t.fromZero()
	t.sort()
	t.measure(tree)
	return t
}

// correction puts times on the root's clock, nil if they are. Clocks of one host
// never differ.
func correction(r *report.Report, o report.Options) func(*report.Point) time.Duration {
	hosts := false
	for i := range r.Len() {
		hosts = hosts || r.At(i).Host != r.At(0).Host
	}
	if !hosts {
		return nil
	}
	return findings.Correction(findings.Shifts(r, findings.For(o)))
}

// fromZero makes the earliest span begin at 0.
func (t *Timeline) fromZero() {
	if len(t.Spans) == 0 {
		return
	}
	first := t.Spans[0].From
	for i := range t.Spans {
		first = min(first, t.Spans[i].From)
	}
	for i := range t.Spans {
		s := &t.Spans[i]
		s.From, s.To = saturate.Add(s.From, -first), saturate.Add(s.To, -first)
		t.Length = max(t.Length, s.To)
	}
	t.Began = t.Report.Began().Add(first)
}

// sort finds the order of the beginnings.
func (t *Timeline) sort() {
	compare := func(a, b Span) int { return cmp.Compare(a.From, b.From) }
	if slices.IsSortedFunc(t.Spans, compare) {
		return
	}
	t.order = make([]int32, len(t.Spans))
	for i := range t.order {
		t.order[i] = int32(i)
	}
	slices.SortStableFunc(t.order, func(a, b int32) int { return cmp.Compare(t.Spans[a].From, t.Spans[b].From) })
}

// inOrder yields the indexes of the spans by their beginning.
func (t *Timeline) inOrder() func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for i := range t.Spans {
			at := int32(i)
			if t.order != nil {
				at = t.order[i]
			}
			if !yield(at) {
				return
			}
		}
	}
}

// measure finds the self times of the tree, whose spans are the first ones: what is
// left of a span's time without the union of its children's.
func (t *Timeline) measure(tree int) {
	for i := range t.Spans {
		s := &t.Spans[i]
		if s.Self, s.until = s.Length(), s.From; i >= tree {
			s.Self = s.Point.Self()
		}
	}
	for i := range t.inOrder() {
		s := &t.Spans[i]
		if s.Above == none {
			continue
		}
		above := &t.Spans[s.Above]
		if from, to := max(s.From, above.until), min(s.To, above.To); to > from {
			above.Self -= to - from
			above.until = to
		}
	}
	for i := range t.Spans[:tree] {
		s := &t.Spans[i]
		s.Self = s.Point.SelfIn(s.Length(), s.Length()-s.Self)
	}
}

// Label is what the drawing of a point says, without characters that steer anything.
func Label(r *report.Report, p *report.Point) string {
	name := cmp.Or(terminal.Clean(p.Name), "(no name)")
	if n := p.Times(); n > 1 {
		name += " ×" + figures.Grouped(n)
	}
	if detail := terminal.Clean(r.Detail(p)); detail != "" {
		return name + " " + detail
	}
	return name
}
