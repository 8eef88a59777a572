package report

import (
	"encoding/json"
	"iter"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// Report is what the records of one trace say. It does not change after [Build], so
// it is safe for concurrent use.
type Report struct {
	Trace string // the id (OSProfiler's base_id), of the first record

	// Stats sums up the points by name, in the order of [Report.All].
	Stats []Stat

	// Records is how many records were read, including unusable ones. One that the store
	// has twice counts once.
	Records int

	// Warnings say what was wrong with records.
	Warnings []Warning

	read      []byte // the JSON form that this was read from
	points    points
	ids       ids
	blocks    blocks
	mentioned mentioned
	shapes    []*record.Shape   // of the records that are kept in a known layout
	producers []producer        // that have numbered records
	gaps      []Missing         // whatever was told to be lost
	events    map[int32][]event // of the points that have several of a kind
	firsts    map[int32]stored  // first records that later ones have replaced, by point
	first     int32             // first root, none if there is none
	reachable int
	began     int64 // earliest record, in microseconds since 1970
	ended     int64 // latest record, in microseconds since the earliest
	lastStart int64 // latest start record, likewise
	anyStart  bool

	// What stops say of points without records, by point; see [Point.Repeated].
	repeated  map[int32]*Repeated
	short     map[int32][]Stat
	selves    map[int32]time.Duration
	condensed int // how many points have none

	foreignOnce sync.Once // fills described when it is first asked for
	described   map[string]*layer.Layer
}

// Stat sums up the points of one name, those in a cycle included, and those that have
// no records but are counted in another point's ([Point.Repeated], [Point.Short]). Sums
// do not overflow: they stop at the longest Duration, 292 years.
type Stat struct {
	Name  string
	Count int
	Total time.Duration // sum of the durations of those that are not below another of the name
	Self  time.Duration // sum of their times outside of children
	Max   time.Duration // the longest

	millis int64 // sum of the durations as OSProfiler cuts them
	points int   // how many have records
}

// Warning is something that was wrong with one or more records.
type Warning struct {
	Problem string // one line of ours
	Count   int    // of records
	Example string // as stored in the first of them; hostile
}

// Len returns how many trace points there are.
func (r *Report) Len() int { return int(r.points.len) }

// At returns a point by its [Point.Index], from 0 up to Len.
func (r *Report) At(i int) *Point { return r.points.at(int32(i)) }

// All yields all trace points, ordered by their first records in the store.
func (r *Report) All() iter.Seq[*Point] {
	return func(yield func(*Point) bool) {
		for _, chunk := range r.points.chunks {
			for i := range chunk {
				if !yield(&chunk[i]) {
					return
				}
			}
		}
	}
}

// Began returns the time of the earliest record, or the zero Time if there is none.
func (r *Report) Began() time.Time {
	if r.Len() == 0 {
		return time.Time{}
	}
	return time.UnixMicro(r.began).UTC()
}

// Duration returns the time from the earliest to the latest record.
func (r *Report) Duration() time.Duration { return duration(r.ended) }

// Lost returns how many more records never reached the store, as counted by the
// services themselves: the sum of info.sonde.lost and of info.sonde.service_lost.n,
// which counts records that a service lost while the trace ran and that may belong
// to other traces. It reads all records.
func (r *Report) Lost() int64 { return r.told("lost") + r.told("service_lost", "n") }

// Refused returns how many requests with the trace's headers were served untraced
// because they came too often: the sum of info.sonde.refused, which is a lower
// bound. It reads all records.
func (r *Report) Refused() int64 { return r.told("refused") }

// told is the sum of a member of info.sonde.
func (r *Report) told(path ...string) (sum int64) {
	path = append([]string{"sonde"}, path...)
	if !r.mentioned.has(path[1]) {
		return 0
	}
	for info := range r.infos() {
		n, err := strconv.ParseInt(string(jsontext.Get(info, path...)), 10, 32)
		if err == nil && n > 0 {
			sum += n
		}
	}
	return sum
}

// infos yields the info of every record that has one.
func (r *Report) infos() iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		give := func(s stored) bool {
			info := r.info(s)
			return info == nil || yield(info)
		}
		for p := range r.All() {
			if !p.several {
				if !give(p.start) || !give(p.stop) {
					return
				}
				continue
			}
			for _, e := range r.events[p.index] {
				if !give(e.stored) {
					return
				}
			}
		}
	}
}

// Services returns the services that took part, in the order of [Report.All]. A service
// without a name is "".
func (r *Report) Services() (names []string) {
	seen := map[string]bool{}
	last := (*Origin)(nil)
	for p := range r.All() {
		if p.Origin == last {
			continue
		}
		if last = p.Origin; !seen[p.Service] {
			seen[p.Service] = true
			names = append(names, p.Service)
		}
	}
	return names
}

// Unfinished returns how many points have no stop.
func (r *Report) Unfinished() (n int) {
	for p := range r.All() {
		if !p.HasStop {
			n++
		}
	}
	return n
}

// Roots yields the points whose parent is not in the trace, ordered by their start.
func (r *Report) Roots() iter.Seq[*Point] { return r.siblings(r.first) }

// Children yields the points directly below p, ordered by their start. A point that
// is its own parent, or is in a cycle, has children too, so follow children only
// from a root down.
func (r *Report) Children(p *Point) iter.Seq[*Point] { return r.siblings(p.child) }

func (r *Report) siblings(i int32) iter.Seq[*Point] {
	return func(yield func(*Point) bool) {
		for i != none {
			p := r.points.at(i)
			if !yield(p) {
				return
			}
			i = p.next
		}
	}
}

// Parent returns the point above p, or nil for a root.
func (r *Report) Parent(p *Point) *Point {
	if p.parent == none {
		return nil
	}
	return r.points.at(p.parent)
}

// Walk yields the points of the tree, each before its children.
func (r *Report) Walk() iter.Seq[*Point] {
	return func(yield func(*Point) bool) {
		for i := r.first; i != none; {
			p := r.points.at(i)
			if !yield(p) {
				return
			}
			if p.child != none {
				i = p.child
				continue
			}
			for p.next == none && p.parent != none {
				p = r.points.at(p.parent)
			}
			i = p.next
		}
	}
}

// Unreachable yields the points that no root leads to, because they are their own
// parent, in a cycle or below one, in the order of [Report.All].
func (r *Report) Unreachable() iter.Seq[*Point] {
	return func(yield func(*Point) bool) {
		if r.reachable == r.Len() {
			return
		}
		for p := range r.All() {
			if p.Depth < 0 && !yield(p) {
				return
			}
		}
	}
}

// Info returns the JSON object "info" of p's start or stop record, or nil if there
// is none.
func (r *Report) Info(p *Point, kind record.Phase) json.RawMessage {
	if kind == record.Stop {
		return r.info(p.stop)
	}
	return r.info(p.start)
}

// Failure returns the type and the message of p's error, and whether p failed. Both
// texts are as stored, and so hostile.
func (r *Report) Failure(p *Point) (etype, message string, failed bool) {
	info := r.Info(p, record.Stop)
	value := jsontext.Get(info, "etype")
	if value == nil || value[0] == 'n' {
		return "", "", false
	}
	return plainText(value), plainText(jsontext.Get(info, "message")), true
}

// Outcome returns how p ended if success or failure do not say enough, such as
// "cancelled" or "timeout", and "" otherwise. It is as stored, and so hostile.
func (r *Report) Outcome(p *Point) string {
	return plainText(jsontext.Get(r.Info(p, record.Stop), "outcome"))
}

// plainText is the text of a JSON string, "" for null, and any other JSON
// unchanged.
func plainText(value []byte) string {
	if text, ok := jsontext.Text(value); ok {
		return text
	}
	if len(value) > 0 && value[0] == 'n' {
		return ""
	}
	return string(value)
}

// StoredRecords yields the records of p in the store's order, with their names
// ("db-start"). Of records with the same name only the last is yielded.
func (r *Report) StoredRecords(p *Point) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for e := range r.records(p) {
			if !yield(e.name, r.payload(new([]byte), p, e)) {
				return
			}
		}
	}
}

// duration turns microseconds into a Duration, which spans 292 years.
func duration(micros int64) time.Duration {
	const most = math.MaxInt64 / 1000
	return time.Duration(max(-most, min(most, micros))) * time.Microsecond
}
