package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/record"
)

// Build makes the report of one trace from its records, in the store's order.
// Records that cannot be read are left out and counted in Warnings; any error
// other than a [*record.BadRecordError] ends Build and is returned.
//
// As in OSProfiler, records with the same trace id are one point; a record whose
// name ends in "stop" ends the point, and any other starts it; a later record with
// the same name replaces the earlier one. The report keeps the records' bytes,
// which must not change.
func Build(records iter.Seq2[record.Record, error]) (*Report, error) {
	b := builder{
		Report: &Report{first: none},
		index:  newIndex(),
		names:  map[string]recordName{},
		stats:  map[string]int32{},
	}
	for r, err := range records {
		if err == nil {
			b.Records++
			b.record(&r)
			continue
		}
		if bad := (*record.BadRecordError)(nil); !errors.As(err, &bad) {
			return nil, err
		}
		b.Records++
		b.warn("cannot be read, left out", err.Error())
	}
	b.finish()
	return b.Report, nil
}

// builder makes one Report. Records come in any order and may be hostile, so adding
// one takes constant time; finish does the rest once all are there. Points, records
// and names refer to each other by index, since the lists grow.
type builder struct {
	*Report
	index *index
	clock clock
	names map[string]recordName
	stats map[string]int32 // place in Stats by name
	many  map[eventKey]int32
	last  *Source // of the point before
}

// recordName is what follows from the name of a record, worked out once per name.
// OSProfiler cuts a point's name at the first dash, and takes whatever ends in
// "stop" for a stop.
type recordName struct {
	text string
	stop bool
	stat int32 // of the point that it begins
}

// eventKey identifies a record of a point in builder.many.
type eventKey struct {
	point int32
	name  string
}

// warn counts a problem of a record and keeps the first example. There are few
// kinds of problems, whatever the number of records.
func (b *builder) warn(problem, example string) {
	for i := range b.Warnings {
		if b.Warnings[i].Problem == problem {
			b.Warnings[i].Count++
			return
		}
	}
	b.Warnings = append(b.Warnings, Warning{Problem: problem, Count: 1, Example: example})
}

// record adds a record. One without a readable time is left out, since it has no
// place in the report; anything else that is missing only causes a warning. The
// times of a point are those of its latest start and stop, as in OSProfiler.
func (b *builder) record(r *record.Record) {
	at, odd, ok := b.clock.parse(r.Timestamp)
	if !ok {
		b.warn("no readable timestamp, left out", r.Timestamp)
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
		b.Trace, b.began, b.ended = r.Trace, at, at
	}
	b.began, b.ended = min(b.began, at), max(b.ended, at)

	name := b.name(r.Name)
	i := b.point(r, name)
	e := b.event(i, r, name.text)
	p := &b.Points[i]
	if name.stop {
		p.HasStop, p.stopped, p.stop = true, at, e
		return
	}
	p.HasStart, p.started, p.start = true, at, e
	if !b.anyStart || at > b.lastStart {
		b.anyStart, b.lastStart = true, at
	}
}

// name looks up a record's name, of which a trace has few.
func (b *builder) name(text string) recordName {
	name, ok := b.names[text]
	if ok {
		return name
	}
	name = recordName{text: strings.Clone(text), stop: strings.HasSuffix(text, "stop")}
	cut, _, _ := strings.Cut(name.text, "-")
	if name.stat, ok = b.stats[cut]; !ok {
		name.stat = none
	}
	b.names[name.text] = name
	return name
}

// point returns the point of a record, or a new one if it is the first.
func (b *builder) point(r *record.Record, name recordName) int32 {
	i, hash, at := b.index.find(b.Points, r.Point)
	if i != none {
		return i
	}
	i = int32(len(b.Points))
	b.index.add(i, hash, at)
	if name.stat == none {
		name.stat = b.newStat(name)
	}
	if len(b.Points) == cap(b.Points) {
		b.Points = slices.Grow(b.Points, len(b.Points)+32)
	}
	b.Points = append(b.Points, Point{
		Name: b.Stats[name.stat].Name, stat: name.stat, ID: r.Point, ParentID: r.Parent, Depth: -1,
		Source: b.source(r),
		parent: none, child: none, next: none, firstEvent: none, lastEvent: none, start: none, stop: none,
	})
	return i
}

// newStat adds a name to Stats, at its first point.
func (b *builder) newStat(name recordName) int32 {
	cut, _, _ := strings.Cut(name.text, "-")
	stat, ok := b.stats[cut]
	if !ok {
		stat = int32(len(b.Stats))
		b.stats[cut] = stat
		b.Stats = append(b.Stats, Stat{Name: cut})
	}
	name.stat = stat
	b.names[name.text] = name
	return stat
}

// source is shared by points that follow one another.
func (b *builder) source(r *record.Record) *Source {
	var s Source
	s.Project = s.text(r.Project, nullProject)
	s.Service = s.text(r.Service, nullService)
	s.Host = s.text(r.Host, nullHost)
	if b.last == nil || *b.last != s {
		kept := s
		b.last = &kept
	}
	return b.last
}

func (s *Source) text(text *string, null uint8) string {
	if text == nil {
		s.nulls |= null
		return ""
	}
	return *text
}

// event keeps a record of a point, in place of an earlier one of the same name.
func (b *builder) event(point int32, r *record.Record, name string) int32 {
	i := b.sameName(point, name)
	if i == none {
		p := &b.Points[point]
		i = b.events.add(event{name: name, next: none})
		if p.lastEvent == none {
			p.firstEvent = i
		} else {
			b.events.at(p.lastEvent).next = i
		}
		p.lastEvent = i
	} else if i == b.Points[point].firstEvent && b.origins[point] == nil {
		if b.origins == nil {
			b.origins = map[int32]json.RawMessage{}
		}
		b.origins[point] = b.events.at(i).payload
	}
	e := b.events.at(i)
	e.payload, e.info = r.Payload, r.Info
	if r.Payload == nil && r.Info != nil {
		e.payload = slices.Concat([]byte(`{"info":`), r.Info, []byte("}"))
	}
	return i
}

// sameName searches the records of a point, or a map once there are many.
func (b *builder) sameName(point int32, name string) int32 {
	const few = 8
	n := 0
	for i := b.Points[point].firstEvent; i != none; {
		e := b.events.at(i)
		if e.name == name {
			return i
		}
		if n++; n == few {
			break
		}
		i = e.next
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
	b.many[key] = b.events.len
	return none
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
		p.started -= b.began
		p.stopped -= b.began
		sorted = sorted && p.started >= previous
		previous = p.started
	}
	b.ended -= b.began
	b.lastStart -= b.began
	b.link(b.order(sorted))
	b.measureDepth()
	b.sumUp()
}

// order returns the points ordered by their start, or nil if they already are.
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

// link adds the points to their parents, ordered by their start, and measures how
// much of each point's time its children cover.
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
		if p.Depth < 0 {
			s.Total = saturate.Add(s.Total, p.Duration())
		}
		s.Self = saturate.Add(s.Self, p.Self())
		s.Max = max(s.Max, p.Duration())
		s.millis = saturate.Add(s.millis, millis(p.stopped)-millis(p.started))
	}
	b.sumTotals()
}

// sumTotals adds up the durations of the tree's points by name. The time of a point
// below another of its name is included in the other's.
func (b *builder) sumTotals() {
	open := make([]int32, len(b.Stats)) // how many of each name are on the way down to a point
	var way []int32                     // names
	for p := range b.Walk() {
		for len(way) > int(p.Depth) {
			open[way[len(way)-1]]--
			way = way[:len(way)-1]
		}
		if open[p.stat] == 0 {
			s := &b.Stats[p.stat]
			s.Total = saturate.Add(s.Total, p.Duration())
		}
		open[p.stat]++
		way = append(way, p.stat)
	}
}

// millis cuts microseconds as OSProfiler does, which calculates with floating
// point.
func millis(micros int64) int64 { return int64(float64(micros) / 1000) }

// measureDepth visits the points that are reachable from the roots.
func (b *builder) measureDepth() {
	for p := range b.Walk() {
		p.Depth = 0
		if p.parent != none {
			p.Depth = b.Points[p.parent].Depth + 1
		}
		b.reachable++
	}
}
