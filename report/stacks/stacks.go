// Package stacks takes the points of traces for calls, with the time that each took
// itself: what profilers count. The forms folded, pprof and speedscope write it.
package stacks

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/internal/timeline"
)

const (
	// MaxDepth is how many frames a stack has at most: what is deeper is one frame
	// more, [Deeper].
	MaxDepth = 200

	// MaxSamples is how many samples are told apart. What more there is is in a stack
	// of one frame, [Other].
	MaxSamples = 1 << 18

	Deeper = "(deeper)"
	Other  = "(other)"

	widestFrame = 200 // columns
)

// Stacks are the stacks of one or more traces. The zero value is not usable; it is
// not safe for concurrent use while traces are added.
type Stacks struct {
	Traces int           // that were added and had points
	Began  time.Time     // of the first of them, on its root's clock
	Took   time.Duration // from the beginning to the end of each, summed up

	frames  []string
	frameOf map[string]int32
	nodes   []node
	nodeOf  map[node]int32
	samples []sample
	at      map[key]int32 // in samples
	limit   int
}

// node is a stack: a frame and the stack above it.
type node struct{ above, frame int32 }

// key is what tells samples apart.
type key struct {
	node          int32
	service, host string
	kind          layer.Kind
	failed        bool
}

type sample struct {
	key
	self  time.Duration
	count int64
}

// Sample is what all points of one stack and with the same labels took together.
type Sample struct {
	Service, Host string // as stored: hostile
	Kind          layer.Kind
	Failed        bool
	Self          time.Duration // the time in which no child of them ran
	Count         int64         // of points
}

// New returns the stacks of no trace.
func New() *Stacks {
	return &Stacks{frameOf: map[string]int32{}, nodeOf: map[node]int32{}, at: map[key]int32{}, limit: MaxSamples}
}

// Of returns the stacks of one trace.
func Of(r *report.Report, o report.Options) *Stacks {
	s := New()
	s.Add(r, o)
	return s
}

// Add adds a trace. Points without a stop have run until o.Now, or until the last
// record if that is not given; no other option means anything to it. It keeps nothing
// of r.
func (s *Stacks) Add(r *report.Report, o report.Options) {
	t := timeline.New(r, o)
	if len(t.Spans) == 0 {
		return
	}
	s.Traces++
	if s.Traces == 1 || t.Began.Before(s.Began) {
		s.Began = t.Began
	}
	s.Took = saturate.Add(s.Took, t.Length)
	var way [MaxDepth + 1]int32 // nodes down to the span before
	for i := range t.Spans {
		span := &t.Spans[i]
		p := span.Point
		depth, above, text := int(max(0, p.Depth)), int32(-1), ""
		if depth < MaxDepth {
			text = Frame(r, p)
		} else {
			depth, text = MaxDepth, Deeper
		}
		if depth > 0 {
			above = way[depth-1]
		}
		_, _, failed := r.Failure(p)
		at, n := s.sample(above, text, key{service: p.Service, host: p.Host, kind: r.Kind(p), failed: failed})
		way[depth] = n
		at.self = saturate.Add(at.self, span.Self)
		at.count += int64(p.Times())
		for _, short := range p.Short() {
			at, _ := s.sample(n, frame(p.Service, short.Name, ""), key{service: p.Service, host: p.Host})
			at.self = saturate.Add(at.self, short.Self)
			at.count += int64(short.Count)
		}
	}
}

// sample finds or makes the sample of a frame below a node, and its node.
func (s *Stacks) sample(above int32, frame string, k key) (*sample, int32) {
	full := len(s.samples) >= s.limit
	f, known := s.frameOf[frame]
	if known {
		k.node, known = s.nodeOf[node{above, f}]
	}
	if known {
		if i, ok := s.at[k]; ok {
			return &s.samples[i], k.node
		}
	}
	if full && frame != Other {
		_, n := s.sample(-1, Other, key{})
		return &s.samples[s.at[key{node: n}]], n
	}
	if !known {
		k.node = s.node(above, frame)
	}
	s.at[k] = int32(len(s.samples))
	s.samples = append(s.samples, sample{key: k})
	return &s.samples[len(s.samples)-1], k.node
}

func (s *Stacks) node(above int32, frame string) int32 {
	f, ok := s.frameOf[frame]
	if !ok {
		f = int32(len(s.frames))
		s.frames = append(s.frames, frame)
		s.frameOf[frame] = f
	}
	n := int32(len(s.nodes))
	s.nodes = append(s.nodes, node{above, f})
	s.nodeOf[node{above, f}] = n
	return n
}

// Frames are the frames of all stacks: what points did, in which service, without
// literals and ids. They are printable.
func (s *Stacks) Frames() []string { return slices.Clip(s.frames) }

// All yields the samples, those of one stack together. A stack is the indexes of its
// frames, the root's first, and is valid until the next one is yielded.
func (s *Stacks) All() iter.Seq2[[]int, Sample] {
	return func(yield func([]int, Sample) bool) {
		order := make([]int32, len(s.samples))
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortFunc(order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(s.samples[a].node, s.samples[b].node), cmp.Compare(a, b))
		})
		var stack []int
		for _, i := range order {
			at := &s.samples[i]
			stack = stack[:0]
			for n := at.node; n >= 0; n = s.nodes[n].above {
				stack = append(stack, int(s.nodes[n].frame))
			}
			slices.Reverse(stack)
			if !yield(stack, Sample{at.service, at.host, at.kind, at.failed, at.self, at.count}) {
				return
			}
		}
	}
}

// Frame is "service: name label": what a point did, without literals and ids, so
// that points of several traces have one frame. It is printable, and at most 200
// columns wide.
func Frame(r *report.Report, p *report.Point) string {
	return frame(p.Service, p.Name, findings.Subject(r, p))
}

func frame(service, name, what string) string {
	text := cmp.Or(terminal.Clean(name), "(no name)")
	if what = terminal.Clean(what); what != "" && what != text {
		text += " " + what
	}
	if service != "" {
		text = terminal.Clean(service) + ": " + text
	}
	return terminal.CutMiddle(text, widestFrame)
}
