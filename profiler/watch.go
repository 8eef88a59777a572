package profiler

import (
	"strconv"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
)

// watched is a point that may be counted instead of being written, in one allocation.
type watched struct {
	node  node
	watch watch
}

// watch is what is known of a point while [Detail] asks for less than everything. It is
// guarded by trace.mu. Times are Unix time in microseconds, as records have them.
type watch struct {
	layer *layer.Layer
	kind  layer.Kind
	began int64
	hash  uint64   // of the start's info, once it counts
	among *similar // that it is one of; nil if it is written by itself

	// The points right below, written or not.
	has     bool  // there have been some
	open    int   // that run
	since   int64 // since when one of them does
	last    int64 // when the last one ended
	covered int64 // while one of them did

	short []shortened // those that were too short, and what was below them
	likes []like      // how often which work was done
	less  bool        // something below is not written by itself
}

// shortened sums up points of one name that were too short to be written.
type shortened struct {
	name  string // as it stands in JSON
	count int64
	total int64 // time of those that are not below another of the name
	self  int64 // without that of their children
	max   int64
}

const (
	// maxShort is how many names of short points a point tells apart.
	maxShort   = 16
	otherShort = "(other)"
)

// lessen makes a trace record as d says; o is how its first point begins.
func (r *root) lessen(d *detail, o *Opening) {
	t := &r.trace
	t.less = &less{detail: d}
	if t.tally == nil && d.limited() {
		t.tally = t.svc.limits.ownTally()
	}
	if d.watches() {
		if o.Time.IsZero() {
			o.Time = time.Now()
		}
		r.node.watch = &watch{began: t.at(o.Time) / 1e3}
	}
}

// watchBelow makes a point below n that is watched, and notes that it has begun.
// Above it is n or, if that is left out, the nearest point around it that is not.
func (t *trace) watchBelow(n *node, arrival string, o *Opening) *node {
	if o.Time.IsZero() {
		o.Time = time.Now()
	}
	w := &watched{}
	w.watch = watch{layer: o.Layer, kind: o.Kind, began: t.at(o.Time) / 1e3}
	if w.watch.kind == layer.Unspecified && o.Layer != nil {
		w.watch.kind = o.Layer.Kind
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n = n.kept()
	w.node = node{trace: t, above: n, edge: arrival, watch: &w.watch}
	if up := n.watch; n.state.Load()&stateSettled == 0 {
		if up.open == 0 {
			up.since = max(w.watch.began, up.began, up.last)
		}
		up.has = true
		up.open++
		w.node.set(stateBelow)
	}
	return &w.node
}

// kept is n, or the nearest point around it that is not left out. The trace is locked.
func (n *node) kept() *node {
	for n.state.Load()&stateGone != 0 {
		n = n.above
	}
	return n
}

// pin makes sure that n, or the point that it stands below if it is left out, is
// written, since somebody else will name it as a parent. It returns that point.
func (n *node) pin() *node {
	if n.watch == nil {
		return n
	}
	n.trace.mu.Lock()
	defer n.trace.mu.Unlock()
	n = n.kept()
	n.trace.keep(n)
	return n
}

// keep makes sure that n and the points above it are written, n's own start record now.
// The trace is locked.
func (t *trace) keep(n *node) {
	for ; n != nil && n.set(statePinned)&statePinned == 0; n = n.above {
		t.unhold(n)
	}
}

// unhold stops withholding the start of n, unless its layer does. The trace is locked.
func (t *trace) unhold(n *node) {
	if n.clear(stateBrief)&(stateBrief|stateHeld) == stateBrief {
		if r := t.chunk.withheld(n); r != nil {
			r.held = false
		}
	}
}

// mayWithhold decides whether the start record of n, which has the given info, waits
// for how n ends. The trace is locked.
func (t *trace) mayWithhold(n *node, info []byte) {
	if s := n.state.Load(); s&stateBelow == 0 || n.received() != "" {
		return
	}
	d := t.less.detail
	if d.given.Repeats > 0 {
		t.classify(n, info)
	}
	if s := n.state.Load(); s&statePinned == 0 && (d.shortest > 0 || n.watch.among != nil) {
		n.set(stateBrief)
	}
}

// leftOut notes that n ends, and reports whether it is counted instead of being
// written.
func (n *node) leftOut(end *Ending) bool {
	if end.Time.IsZero() {
		end.Time = time.Now()
	}
	n.clear(stateHeld)
	t := n.trace
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counted(n, t.at(end.Time)/1e3, end.Err == nil && end.Panic == nil && end.Outcome == "") {
		t.svc.condensed.Add(1)
		return true
	}
	if n.state.Load()&statePinned == 0 {
		t.keep(n)
	}
	if r := t.chunk.withheld(n); r != nil {
		r.held = false
	}
	return false
}

// counted settles whether n, which has ended, is counted instead of being written.
// Plain says that it did not fail and has no outcome.
func (t *trace) counted(n *node, at int64, plain bool) bool {
	w := n.watch
	if w.open > 0 {
		w.covered += max(0, at-w.since)
	}
	t.writeRepeats(n)
	s := n.set(stateSettled)
	if s&stateBelow == 0 {
		return false
	}
	up, upSettled := n.above.watch, n.above.state.Load()&stateSettled != 0
	if !upSettled {
		up.last = max(up.last, at)
		if up.open--; up.open == 0 {
			up.covered += max(0, up.last-up.since)
		}
	}
	if w.among != nil {
		w.among.open--
	}
	took := max(0, at-w.began)
	switch {
	case !plain || upSettled || w.open > 0 || s&stateBrief == 0 || t.chunk.withheld(n) == nil:
		return false
	case w.among != nil && !w.has:
		t.addTo(n, at, took)
		t.keep(n.above)
	case took < t.less.detail.shortest:
		t.drop(n)
		up.addShort(n, took)
	default:
		return false
	}
	up.less = true
	return true
}

// drop takes back the start record of n, which is withheld. The trace is locked.
func (t *trace) drop(n *node) {
	n.set(stateGone)
	if t.tally != nil {
		r := t.chunk.withheld(n)
		t.tally.points.Add(-1)
		t.tally.bytes.Add(-int64(len(r.layout.Info(t.chunk.buf[r.from:r.to]))))
	}
	t.chunk.retract(n)
	t.open--
}

// forget notes that the work of n has not happened, see [Point.Discard]. The trace is
// locked.
func (t *trace) forget(n *node) {
	if s := n.set(stateSettled | stateGone); s&stateBelow == 0 {
		return
	}
	if n.watch.among != nil {
		n.watch.among.open--
	}
	if n.above.state.Load()&stateSettled == 0 {
		n.above.watch.open--
	}
}

// addShort counts n and what was too short below it.
func (up *watch) addShort(n *node, took int64) {
	for i := range n.watch.short {
		s := &n.watch.short[i]
		if s.name == n.name {
			s.total = 0 // is in that of n
		}
		up.sum(*s)
	}
	up.sum(shortened{name: n.name, count: 1, total: took, self: max(0, took-n.watch.covered), max: took})
}

func (up *watch) sum(more shortened) {
	for i := range up.short {
		s := &up.short[i]
		if s.name == more.name {
			s.count += more.count
			s.total += more.total
			s.self += more.self
			s.max = max(s.max, more.max)
			return
		}
	}
	if len(up.short) == maxShort-1 && more.name != otherShort {
		more.name = otherShort
		up.sum(more)
		return
	}
	up.short = append(up.short, more)
}

// told is what the stop record of n says of the points below it that are not written
// by themselves: members of info.sonde with a comma behind each. Self is what
// readers cannot work out by themselves.
func (w *watch) told(at int64) string {
	if w == nil || !w.less {
		return ""
	}
	b := append(make([]byte, 0, 128), `"self_us":`...)
	b = strconv.AppendInt(b, max(0, at/1e3-w.began-w.covered), 10)
	b = append(b, ',')
	if len(w.short) == 0 {
		return string(b)
	}
	b = append(b, `"short":{`...)
	for i := range w.short {
		s := &w.short[i]
		b = append(append(append(b, '"'), s.name...), `":{"count":`...)
		b = strconv.AppendInt(b, s.count, 10)
		b = strconv.AppendInt(append(b, `,"total_us":`...), s.total, 10)
		b = strconv.AppendInt(append(b, `,"self_us":`...), s.self, 10)
		b = strconv.AppendInt(append(b, `,"max_us":`...), s.max, 10)
		b = append(b, "},"...)
	}
	return string(append(b[:len(b)-1], "},"...))
}

// toldOff is what info.sonde says of layers that are off.
func toldOff(off []string) string {
	if len(off) == 0 {
		return ""
	}
	b := []byte(`"off":[`)
	for _, name := range off {
		b = append(jsontext.AppendString(b, cut(name)), ',')
	}
	return string(append(b[:len(b)-1], "],"...))
}
