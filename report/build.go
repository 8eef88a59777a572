package report

import (
	"cmp"
	"errors"
	"hash/maphash"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/record"
)

// Build makes the report of one trace from its records, in the store's order.
// Records that cannot be read are left out and counted in Warnings; any error
// other than a [*record.BadRecordError] ends Build and is returned.
//
// As in OSProfiler, records with the same trace id are one point; a record whose
// name ends in "stop" ends the point, and any other starts it; a later record with
// the same name replaces the earlier one. The report keeps what the records say, but
// none of their memory.
func Build(records iter.Seq2[record.Record, error]) (*Report, error) {
	b := builder{
		Report: &Report{first: none, ids: ids{index: newIndex()}},
		names:  map[string]*recordName{},
		stats:  map[string]int32{},
		seed:   maphash.MakeSeed(),
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
	names map[string]*recordName
	named []*recordName    // the last that were used
	stats map[string]int32 // place in Stats by name
	many  map[eventKey]int32

	origins map[originKey]*Origin
	recent  []*Origin // the last that were used, most of them of the next point too

	byNumber     map[uint64]int32 // producers by their numbers
	lastProducer int32

	forms     map[*record.Shape]form
	lastShape *record.Shape
	lastForm  form

	seed maphash.Seed
	last [1024]keptInfo // by a part of their hashes
}

// recordName is what follows from the name of a record, worked out once per name.
// OSProfiler cuts a point's name at the first dash, and takes whatever ends in
// "stop" for a stop.
type recordName struct {
	text  string
	point string // of the point that it begins
	stop  bool
	usual bool // the point's name with -start or -stop
}

// originKey is an Origin by value.
type originKey struct {
	name, project, service, host string
	nulls                        uint8
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
	b.Warnings = append(b.Warnings, Warning{Problem: problem, Count: 1, Example: strings.Clone(example)})
}

// time is when a record was made, in microseconds since 1970.
func (b *builder) time(r *record.Record, known *record.Known) (at int64, ok bool) {
	if known != nil {
		return known.Micros, true
	}
	at, odd, ok := record.ParseTimestamp(r.Timestamp)
	switch {
	case !ok:
		b.warn("no readable timestamp, left out", r.Timestamp)
	case odd:
		b.warn("timestamp is not in the form 2006-01-02T15:04:05.000000", r.Timestamp)
	}
	return at, ok
}

// record adds a record. One without a readable time is left out, since it has no
// place in the report; anything else that is missing only causes a warning. The
// times of a point are those of its latest start and stop, as in OSProfiler.
func (b *builder) record(r *record.Record) {
	known, is := r.Known()
	if !is {
		known = nil
	}
	from := int32(none)
	if !r.Number.IsZero() {
		from = b.number(r)
	}
	at, ok := b.time(r, known)
	if !ok {
		return
	}
	if r.Info == nil {
		b.warn("no info", r.Name)
	} else if r.Host == nil {
		b.warn("no host", r.Name)
	}
	if b.points.len == 0 {
		b.Trace, b.began, b.ended = strings.Clone(r.Trace), at, at
	}
	b.began, b.ended = min(b.began, at), max(b.ended, at)

	name := b.name(r.Name)
	var p *Point
	if known != nil {
		p = b.point(b.ids.uuid(&known.Point), r, known, name)
		if r.Trace != b.Trace || known.Parent != b.uuidOf(p.parentID) {
			known = nil // it does not follow from what is kept of the point
		}
	} else {
		p = b.point(b.ids.text(r.Point), r, nil, name)
	}
	b.event(p, event{name.text, b.keep(r, known, from), at}, name)
	if name.stop {
		p.HasStop, p.stopped = true, at
		return
	}
	p.HasStart, p.started = true, at
	if !b.anyStart || at > b.lastStart {
		b.anyStart, b.lastStart = true, at
	}
}

// uuidOf returns a UUID by its number, that of zeros for any other id.
func (b *builder) uuidOf(n id) [16]byte {
	if n < 0 {
		return [16]byte{}
	}
	return b.ids.at(n).uuid
}

// point returns the point of a record, or a new one if it is the first.
func (b *builder) point(n id, r *record.Record, known *record.Known, name *recordName) *Point {
	if i := *b.ids.point(n); i != none {
		return b.points.at(i)
	}
	p := b.points.add()
	*b.ids.point(n) = p.index
	p.Origin, p.id, p.Depth = b.origin(r, name), n, -1
	p.parent, p.child, p.next = none, none, none
	if known != nil {
		p.parentID = b.ids.uuid(&known.Parent)
	} else {
		p.parentID = b.ids.text(r.Parent)
	}
	return p
}

// event keeps a record of a point, in place of an earlier one of the same name. Nearly
// all points have a start and a stop; of any other, all records are kept in a list.
func (b *builder) event(p *Point, e event, name *recordName) {
	latest, has := &p.start, p.HasStart
	if name.stop {
		latest, has = &p.stop, p.HasStop
	}
	switch {
	case p.several:
	case !name.usual || name.point != p.Name:
		b.severalOf(p)
	case !has:
		p.stopFirst = p.stopFirst || name.stop && !p.HasStart
	default:
		b.Records-- // it is there already
		if name.stop == p.stopFirst {
			b.replaced(p, *latest)
		}
	}
	*latest = e.stored
	if p.several {
		b.add(p, e)
	}
}

// severalOf begins the list of a point's records.
func (b *builder) severalOf(p *Point) {
	list := p.usual(make([]event, 0, 3), 0)
	p.several = true
	if b.events == nil {
		b.events = map[int32][]event{}
	}
	b.events[p.index] = list
}

// add keeps a record in the list of a point.
func (b *builder) add(p *Point, e event) {
	i := b.sameName(p.index, e.name)
	list := b.events[p.index]
	if i == none {
		b.events[p.index] = append(list, e)
		return
	}
	b.Records--
	if i == 0 {
		b.replaced(p, list[0].stored)
	}
	list[i] = e
}

// replaced keeps the first record of a point that a later one takes the place of.
func (b *builder) replaced(p *Point, first stored) {
	if _, ok := b.firsts[p.index]; ok {
		return
	}
	if b.firsts == nil {
		b.firsts = map[int32]stored{}
	}
	b.firsts[p.index] = first
}

// sameName searches the list of a point's records, or a map once there are many.
func (b *builder) sameName(point int32, name string) int32 {
	const few = 8
	list := b.events[point]
	for i := range list[:min(len(list), few)] {
		if list[i].name == name {
			return int32(i)
		}
	}
	if len(list) < few {
		return none
	}
	key := eventKey{point, name}
	if i, ok := b.many[key]; ok {
		return i
	}
	if b.many == nil {
		b.many = map[eventKey]int32{}
	}
	b.many[key] = int32(len(list))
	return none
}

// finish fills in missing halves, links the tree and sums up.
func (b *builder) finish() {
	sorted := true
	previous := int64(math.MinInt64)
	for p := range b.All() {
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
	b.ids.index, b.ids.known = index{}, nil // needed no more
	b.sumNumbers()
	b.ended -= b.began
	b.lastStart -= b.began
	b.link(b.order(sorted))
	b.measureDepth()
	b.readCondensed()
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
	keys := make([]key, 0, b.points.len)
	for p := range b.All() {
		keys = append(keys, key{p.started, p.index})
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
	tails := make([]tail, b.points.len)
	lastRoot := int32(none)
	for n := range b.points.len {
		i := n
		if order != nil {
			i = order[n]
		}
		p := b.points.at(i)
		p.parent = *b.ids.point(p.parentID)
		if p.parent == none {
			if lastRoot == none {
				b.first = i
			} else {
				b.points.at(lastRoot).next = i
			}
			lastRoot = i
			continue
		}
		parent, t := b.points.at(p.parent), &tails[p.parent]
		if parent.child == none {
			parent.child, t.until = i, parent.started
		} else {
			b.points.at(t.last).next = i
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

// measureDepth visits the points that are reachable from the roots.
func (b *builder) measureDepth() {
	for p := range b.Walk() {
		p.Depth = 0
		if p.parent != none {
			p.Depth = b.points.at(p.parent).Depth + 1
		}
		b.reachable++
	}
}
