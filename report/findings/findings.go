package findings

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/report"
)

// Kind is what sort of thing a finding is about.
type Kind string

// The kinds, the first five in the order in which they are said.
const (
	Failure        Kind = "failure"         // the first thing that failed, and how far it travelled
	Unfinished     Kind = "unfinished"      // no stop: still running, or its process has gone
	Lost           Kind = "lost"            // records that never reached the store
	MissingParents Kind = "missing_parents" // points below ones that are not in the trace
	Skew           Kind = "skew"            // a service whose clock differs from its callers'

	Repeated   Kind = "repeated"   // equal calls below one point, where one might do
	Retries    Kind = "retries"    // a call that was made again since it had failed
	Outlier    Kind = "outlier"    // one of many equal siblings that took far longer
	Slow       Kind = "slow"       // what everything waited for longest
	Sequential Kind = "sequential" // calls one after the other that could run at once
	Gap        Kind = "gap"        // time in which nothing was recorded
	Waiting    Kind = "waiting"    // a message or a call on its way from one side to the other, or for a connection of a pool
	Outlives   Kind = "outlives"   // work that goes on after what began it has ended
	Cancelled  Kind = "cancelled"  // the caller went away
)

// Kinds are all of them, in the order of docs/findings.md.
func Kinds() []Kind {
	return []Kind{
		Failure, Cancelled, Unfinished, Lost, MissingParents, Skew,
		Repeated, Retries, Outlier, Slow, Sequential, Gap, Waiting, Outlives,
	}
}

// Confidence is how a finding is known.
type Confidence string

// Measured says that the records prove a finding, Inferred that they fit it.
const (
	Measured Confidence = "measured"
	Inferred Confidence = "inferred"
)

// Finding is one cause. Its texts hold what services have recorded, as stored:
// hostile.
type Finding struct {
	Kind Kind

	// Text is one sentence, which begins with what it is about.
	Text string

	// Points prove it, the most telling first: at most 20 that it is about, then a
	// few around them, such as the caller.
	Points []*report.Point

	// Count is how many points it is about.
	Count int

	// Took is how long it held up the root: time on the critical path. Of what
	// does not hold up the root (Waiting, Outlives) and of what has not ended it
	// is the time itself.
	Took time.Duration

	// Share is Took's part of the root's time, 0 to 1.
	Share float64

	// SavesMin and SavesMax bound what the root would save if it were mended,
	// both 0 if no saving is claimed.
	SavesMin, SavesMax time.Duration

	Confidence Confidence

	// Because is one sentence: what the finding assumes, or what would change it.
	Because string

	// Signature is the same for the same cause in another trace of the same
	// program: the kind, the service, and a hash of the names concerned.
	Signature string

	// Accepted says that somebody lives with it (Options.Accepted), and Why.
	Accepted bool
	Why      string
}

// Section is a part of the critical path: from From to To, counted from the
// beginning of the report on the root's clock, everything waited for Point. Point
// is nil for the time between the roots of a trace that has several.
type Section struct {
	Point    *report.Point
	From, To time.Duration
}

// Shift is a clock that differs from its callers'.
type Shift struct {
	Service, Host string

	// Against is the service whose clock it differs from: its caller, or where that
	// is off too, the one that the caller's is off from.
	Against string

	// By is what has to be added to its times, and is known to ± Bound.
	By, Bound time.Duration

	// Corrected says that the critical path was computed with By added. Without
	// it no one offset fits, and By is 0.
	Corrected bool
}

// Head is what was asked and how big the trace is.
type Head struct {
	Point    *report.Point // the root, nil if the trace has several or none
	Title    string        // "POST /cart/checkout", "PlaceOrder", or the point's name; hostile
	Status   string        // "200", "NotFound", "" if it is not known; hostile
	Service  string        // hostile
	Duration time.Duration // of the root; until now if it has not ended
	Ended    bool
	Points   int
	Services int
}

// Result is what Find has found.
type Result struct {
	Head     Head
	Findings []Finding // what went wrong, then what took time, and last what was accepted

	Shifts []Shift

	// Blind says what could not be judged, a sentence each.
	Blind []string

	report *report.Report
	path   sections // of points
}

// Path yields the critical path in the order of time. Its sections touch, and together
// they are the root's time.
func (r *Result) Path() iter.Seq[Section] {
	return func(yield func(Section) bool) {
		for k, i := range r.path.nodes {
			s := Section{From: span(r.path.from[k]), To: span(r.path.to(k))}
			if i != none {
				s.Point = r.report.At(int(i))
			}
			if !yield(s) {
				return
			}
		}
	}
}

// Waited is how long everything waited for the points of a trace.
type Waited struct {
	All time.Duration // for all of them: the root's time

	took    []time.Duration // by the index of the point
	between time.Duration   // the roots
}

// Waited returns how long everything waited for the points of the critical path.
func (r *Result) Waited() *Waited {
	w := &Waited{took: make([]time.Duration, r.report.Len())}
	for s := range r.Path() {
		took := &w.between
		if s.Point != nil {
			took = &w.took[s.Point.Index()]
		}
		*took = saturate.Add(*took, s.To-s.From)
		w.All = saturate.Add(w.All, s.To-s.From)
	}
	return w
}

// For returns how long everything waited for a point, and for nil how long for none,
// between the roots.
func (w *Waited) For(p *report.Point) time.Duration {
	if p == nil {
		return w.between
	}
	return w.took[p.Index()]
}

// Options are the thresholds. A field that is 0 has its default.
type Options struct {
	// MinShare is the part of the root's time below which nothing is said about
	// time. Default 0.05.
	MinShare float64

	// MinRepeats is how many equal calls are called repeated. Default 5.
	MinRepeats int

	// MinTime is the time below which nothing is called slow, sequential, an
	// outlier or running on. Default 10 ms.
	MinTime time.Duration

	// MinGap is the time below which nothing is called a gap, or time
	// on the way. Busy machines make short ones. Default 50 ms.
	MinGap time.Duration

	// MinWait is the time below which no message is said to have waited. Default
	// 100 ms.
	MinWait time.Duration

	// ClockBound is how far clocks may differ without a word: siblings that
	// overlap by less ran one after the other. It is never more than a hundredth
	// of the parent's time, or 10 µs if that is more. Default 1 ms.
	ClockBound time.Duration

	// Now is when a trace that is still running was read: points without a stop
	// have run until then. Default: the time of its last record.
	Now time.Time

	// Read is called with each point in the order of [report.Report.Walk], and a View
	// that has most often read it just now: for who has to look at all points too.
	// Default: nobody.
	Read func(*report.Point, *report.View)

	// Accepted are the signatures of findings that somebody has accepted, with the
	// reasons, such as [Accepting] makes. They are found all the same, and marked.
	Accepted map[string]string
}

// For are the options of a form that is written with o.
func For(o report.Options) Options { return Options{Now: o.Now, Accepted: o.Accepted} }

func (o Options) withDefaults() Options {
	o.MinShare = cmp.Or(o.MinShare, 0.05)
	o.MinRepeats = cmp.Or(o.MinRepeats, 5)
	o.MinTime = cmp.Or(o.MinTime, 10*time.Millisecond)
	o.MinGap = cmp.Or(o.MinGap, 50*time.Millisecond)
	o.MinWait = cmp.Or(o.MinWait, 100*time.Millisecond)
	o.ClockBound = cmp.Or(o.ClockBound, time.Millisecond)
	return o
}

// Find looks for causes in r. It takes at most n log n time, and does not change
// r, so several may look at one report at once.
func Find(r *report.Report, o Options) *Result {
	t := newTree(r, o.withDefaults())
	res := &Result{report: r}
	shifts := t.correct()
	t.settle()
	t.walkPath()
	res.Head = t.head()
	for i := range shifts {
		res.Shifts = append(res.Shifts, shifts[i].Shift)
	}

	inTime := t.inTime()
	res.Findings = slices.Concat(t.failures(), t.cancelled(), t.unfinished(), t.lost(), t.missingParents(), skewFindings(t, shifts))
	res.Findings = append(res.Findings, inTime...)
	res.Findings = append(res.Findings, t.outlives()...)
	for i := range res.Findings {
		if f := &res.Findings[i]; len(f.Points) > 0 {
			f.Text += t.madeAt(f.Points[0])
		}
	}
	accept(res.Findings, o.Accepted)
	res.Blind = t.blind(res)
	res.path = t.takePath()
	return res
}

// inTime are the findings about time, by what they would save. Each piece of the
// critical path counts for the first of them only.
func (t *tree) inTime() (list []Finding) {
	all := slices.Concat(t.groups(), t.slow(), t.sequential(), t.gaps(), t.waiting(), t.connections())
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), t.earlier(a.members[0], b.members[0]))
	})
	taken := newClaims(len(t.nodes))
	for i := range all {
		if c := &all[i]; t.claim(taken, c) {
			list = append(list, c.say())
		}
	}
	return list
}

// madeAt names the place in the code that made what a finding is about, where
// services record it (info.sonde.at) and all calls that are like the first point,
// below points that are alike, were made at one.
func (t *tree) madeAt(first *report.Point) string {
	at := t.r.Text(first, "sonde.at")
	if at == "" {
		return ""
	}
	i := 1
	for t.point(&t.nodes[i]) != first {
		i++
	}
	n := &t.nodes[i]
	for k := range t.nodes[1:] {
		if o := &t.nodes[k+1]; o.key == n.key && t.nodes[o.parent].key == t.nodes[n.parent].key && t.r.Text(t.point(o), "sonde.at") != at {
			return ""
		}
	}
	return "; made at " + shortenTo(at, 100)
}

// candidate is a finding about time that is said if no other has said it.
type candidate struct {
	weight  int64   // microseconds that it would save
	members []int32 // nodes
	uses    usage
	say     func() Finding
}

// usage is which time a candidate accounts for.
type usage uint8

const (
	whole usage = iota // of its members' subtrees
	own                // of its members, without what is below them
	apart              // none of the path
)

// claim takes a candidate's time, unless a tenth of it is taken.
func (t *tree) claim(taken *claims, c *candidate) bool {
	if c.uses == apart {
		return true
	}
	var all, free int64
	for _, m := range c.members {
		n := &t.nodes[m]
		time := n.onPath
		used := taken.overlaps(m, n.end)
		if c.uses == own {
			time, used = n.own, taken.covers(m)
		}
		all += time
		if !used {
			free += time
		}
	}
	if 10*free < 9*all {
		return false
	}
	if c.uses == whole {
		for _, m := range c.members {
			taken.add(m, t.nodes[m].end)
		}
	}
	return true
}
