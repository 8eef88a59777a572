package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/profiler"
)

// Build makes the report of one trace from its records, in the order in which
// the store gives them. Records that cannot be read are left out and counted
// in Warnings; an error other than a [*profiler.BadRecordError] ends it and is
// returned.
//
// As OSProfiler does, it takes records with one trace id as one point; a record
// whose name ends in "stop" ends the point and any other starts it; a later
// record with the same name replaces the earlier. The records' bytes are kept
// and must not change.
func Build(records iter.Seq2[profiler.Record, error]) (*Report, error) {
	b := builder{Report: &Report{first: none}, index: newIndex(), stats: map[string]int32{}}
	for record, err := range records {
		var bad *profiler.BadRecordError
		switch {
		case errors.As(err, &bad):
			b.Records++
			b.warn("cannot be read, left out", err.Error())
		case err != nil:
			return nil, err
		default:
			b.Records++
			b.record(&record)
		}
	}
	b.finish()
	return b.Report, nil
}

// event is what is kept of a record.
type event struct {
	name    string
	info    json.RawMessage
	payload json.RawMessage
	next    int32 // of the same point
	lost    int32 // records that it says were lost before it
}

type builder struct {
	*Report
	index *index
	stats map[string]int32 // place in Stats by name
	many  map[eventKey]int32
}

type eventKey struct {
	point int32
	name  string
}

func (b *builder) warn(problem, example string) {
	for i := range b.Warnings {
		if b.Warnings[i].Problem == problem {
			b.Warnings[i].Count++
			return
		}
	}
	b.Warnings = append(b.Warnings, Warning{Problem: problem, Count: 1, Example: example})
}

func (b *builder) record(r *profiler.Record) {
	at, odd, ok := parseTimestamp(r.Timestamp)
	if !ok {
		b.warn("no timestamp that can be read, left out", r.Timestamp)
		return
	}
	if odd {
		b.warn("timestamp is not in the form 2006-01-02T15:04:05.000000", r.Timestamp)
	}
	if r.Info == nil {
		b.warn("no info", r.Name)
	} else if r.Host == nil {
		b.warn("no host", r.Name)
	}
	if len(b.Points) == 0 {
		b.BaseID, b.began, b.ended = r.BaseID, at, at
	}
	b.began, b.ended = min(b.began, at), max(b.ended, at)

	i := b.point(r)
	e := b.event(i, r)
	p := &b.Points[i]
	if isStop(r.Name) {
		p.HasStop, p.stopped, p.stop = true, at, e
		return
	}
	p.HasStart, p.started, p.start = true, at, e
	if !b.anyStart || at > b.lastStart {
		b.anyStart, b.lastStart = true, at
	}
}

// point returns the point of a record, a new one if it is the first.
func (b *builder) point(r *profiler.Record) int32 {
	i, hash, at := b.index.find(b.Points, r.TraceID)
	if i != none {
		return i
	}
	i = int32(len(b.Points))
	b.index.add(i, hash, at)
	name := r.Name
	if dash := strings.IndexByte(name, '-'); dash >= 0 {
		name = name[:dash]
	}
	stat, ok := b.stats[name]
	if !ok {
		stat = int32(len(b.Stats))
		b.stats[name] = stat
		b.Stats = append(b.Stats, Stat{Name: name})
	}
	if len(b.Points) == cap(b.Points) {
		b.Points = slices.Grow(b.Points, len(b.Points)+32)
	}
	p := Point{
		Name: b.Stats[stat].Name, stat: stat, TraceID: r.TraceID, ParentID: r.ParentID, Depth: -1,
		parent: none, child: none, next: none, firstEvent: none, lastEvent: none, start: none, stop: none,
	}
	p.Project = p.text(r.Project, nullProject)
	p.Service = p.text(r.Service, nullService)
	p.Host = p.text(r.Host, nullHost)
	b.Points = append(b.Points, p)
	return i
}

func (p *Point) text(s *string, null uint8) string {
	if s == nil {
		p.nulls |= null
		return ""
	}
	return *s
}

// event keeps a record of a point, in the place of an earlier one of the same
// name.
func (b *builder) event(point int32, r *profiler.Record) int32 {
	i := b.sameName(point, r.Name)
	if i == none {
		i = int32(len(b.events))
		if len(b.events) == cap(b.events) {
			b.events = slices.Grow(b.events, len(b.events)+64)
		}
		b.events = append(b.events, event{name: r.Name, next: none})
		if p := &b.Points[point]; p.lastEvent == none {
			p.firstEvent, p.lastEvent = i, i
		} else {
			b.events[p.lastEvent].next, p.lastEvent = i, i
		}
	}
	e := &b.events[i]
	e.info, e.payload = r.Info, r.Payload
	b.Lost -= int64(e.lost)
	e.lost = lostBefore(r.Info)
	b.Lost += int64(e.lost)
	return i
}

// sameName looks through the few records of a point, and into a map once they
// are not few.
func (b *builder) sameName(point int32, name string) int32 {
	const few = 8
	n := 0
	for i := b.Points[point].firstEvent; i != none; i = b.events[i].next {
		if b.events[i].name == name {
			return i
		}
		if n++; n == few {
			break
		}
	}
	if n < few {
		return none
	}
	key := eventKey{point, name}
	if i, ok := b.many[key]; ok {
		return i
	}
	if b.many == nil {
		b.many = map[eventKey]int32{}
	}
	b.many[key] = int32(len(b.events))
	return none
}

// lostBefore reads info.sonde.lost, with which a service says how many records
// of the trace it had to drop.
func lostBefore(info []byte) int32 {
	if !bytes.Contains(info, []byte(`"sonde"`)) {
		return 0
	}
	n, err := strconv.ParseInt(string(jsontext.Get(info, "sonde", "lost")), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return int32(n)
}

// finish fills in missing halves, links the tree and sums up.
func (b *builder) finish() {
	sorted := true
	previous := int64(math.MinInt64)
	for i := range b.Points {
		p := &b.Points[i]
		if !p.HasStart {
			p.started = p.stopped
		}
		if !p.HasStop {
			p.stopped = p.started
		}
		p.offset = p.started - b.began
		sorted = sorted && p.started >= previous
		previous = p.started
	}
	b.link(b.order(sorted))
	b.sumUp()
	b.measureDepth()
}

// order is the points by their start, nil if they are in order already.
func (b *builder) order(sorted bool) []int32 {
	if sorted {
		return nil
	}
	type key struct {
		started int64
		point   int32
	}
	keys := make([]key, len(b.Points))
	for i := range b.Points {
		keys[i] = key{b.Points[i].started, int32(i)}
	}
	slices.SortFunc(keys, func(x, y key) int {
		if c := cmp.Compare(x.started, y.started); c != 0 {
			return c
		}
		return cmp.Compare(x.point, y.point)
	})
	order := make([]int32, len(keys))
	for i, k := range keys {
		order[i] = k.point
	}
	return order
}

// link hangs the points under their parents by their start, and measures for
// each how much of its time its children cover.
func (b *builder) link(order []int32) {
	type tail struct {
		last  int32 // child so far
		until int64 // what the children so far cover
	}
	tails := make([]tail, len(b.Points))
	lastRoot := int32(none)
	for n := range b.Points {
		i := int32(n)
		if order != nil {
			i = order[n]
		}
		p := &b.Points[i]
		p.parent, _, _ = b.index.find(b.Points, p.ParentID)
		if p.parent == none {
			if lastRoot == none {
				b.first = i
			} else {
				b.Points[lastRoot].next = i
			}
			lastRoot = i
			continue
		}
		parent, t := &b.Points[p.parent], &tails[p.parent]
		if parent.child == none {
			parent.child, t.until = i, parent.started
		} else {
			b.Points[t.last].next = i
		}
		t.last = i
		if p.parent == i {
			continue
		}
		from, to := max(p.started, t.until), min(p.stopped, parent.stopped)
		if to > from {
			parent.covered += to - from
			t.until = to
		}
	}
}

func (b *builder) sumUp() {
	for i := range b.Points {
		p := &b.Points[i]
		s := &b.Stats[p.stat]
		s.Count++
		s.Total += p.Duration()
		s.Self += p.Self()
		s.Max = max(s.Max, p.Duration())
		s.millis += b.millis(p.stopped) - b.millis(p.started)
	}
}

// millis is a time in milliseconds since the report's beginning, cut as
// OSProfiler cuts it, which calculates with floating point.
func (r *Report) millis(at int64) int64 { return int64(float64(at-r.began) / 1000) }

// measureDepth visits what the roots lead to.
func (b *builder) measureDepth() {
	for p := range b.Walk() {
		p.Depth = 0
		if p.parent != none {
			p.Depth = b.Points[p.parent].Depth + 1
		}
		b.reachable++
	}
}

// isStop reports whether a record of this name ends its point.
func isStop(name string) bool { return strings.HasSuffix(name, "stop") }
