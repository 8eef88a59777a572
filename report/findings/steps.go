package findings

import (
	"iter"
	"time"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
)

// Does is what points that do the same have in common. It holds no id and no
// literal, so traces of one program can be compared by it. Its texts are hostile.
type Does struct {
	Service string
	Name    string // of the point
	Kind    layer.Kind
	Group   string // of the layer, "" without one
	What    string // the statement without literals, method and route, the gRPC method
}

// Step is a point of a trace as findings see it: on its root's clock, with its
// part of the critical path.
type Step struct {
	Point *report.Point
	Above int // the index of the step above, -1 for a root
	Does  Does
	Title string // Does in a few words; hostile

	// Times is how many points it stands for, see [report.Point.Repeated]; the times
	// are those of all of them.
	Times int
	Took  time.Duration // of a point without a stop: until the last record
	Max   time.Duration // of the longest
	Self  time.Duration // without the time in which a child ran
	Path  time.Duration // of the critical path, what is below it not included
}

// Steps yields the points of r that its roots lead to, each before those below it, and
// returns what was asked. A step is valid until the next one is asked for. Of the
// options ClockBound and Now mean something to it. Where there is one root the Paths of
// all steps add up to Head.Duration; between several there may be time that belongs to
// none.
func Steps(r *report.Report, o Options) (Head, iter.Seq[*Step]) {
	t := newTree(r, o.withDefaults())
	t.correct()
	t.settle()
	t.walkPath()
	t.path = sections{}
	head := t.head()
	return head, func(yield func(*Step) bool) {
		titles := make([]string, len(t.keys.list))
		for key := range titles {
			titles[key] = t.title(int32(key))
		}
		var s Step
		for i := 1; i < len(t.nodes); i++ {
			n := &t.nodes[i]
			k := &t.keys.list[n.key]
			s = Step{
				Point: t.point(n), Above: int(n.parent) - 1, Title: titles[n.key],
				Does: Does{Service: k.service, Name: k.name, Kind: k.kind, Group: k.group, What: k.what},
				Took: span(n.to - n.from), Self: t.point(n).Self(), Path: span(n.own),
			}
			s.Times, s.Max = 1, s.Took
			if r := t.standsFor(n); r != nil {
				s.Times, s.Took, s.Max = r.Count, r.Total, r.Max
			}
			if !yield(&s) {
				return
			}
		}
	}
}
