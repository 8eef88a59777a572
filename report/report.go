package report

import (
	"bytes"
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

	// Points are all trace points, ordered by their first records in the store.
	Points []Point

	// Stats sums up the points by name, in the order of Points.
	Stats []Stat

	// Records is how many records were read, including unusable ones.
	Records int

	// Warnings say what was wrong with records.
	Warnings []Warning

	read      []byte // the JSON form that this was read from
	events    events
	origins   map[int32]json.RawMessage // first records that later ones have replaced, by point
	first     int32                     // first root, none if there is none
	reachable int
	began     int64 // earliest record, in microseconds since 1970
	ended     int64 // latest record, in microseconds since the earliest
	lastStart int64 // latest start record, likewise
	anyStart  bool

	foreignOnce sync.Once // fills described when it is first asked for
	described   map[string]*layer.Layer
}

// Stat sums up the points of one name, those in a cycle included. Sums do not
// overflow: they stop at the longest Duration, 292 years.
type Stat struct {
	Name  string
	Count int
	Total time.Duration // sum of the durations of those that are not below another of the name
	Self  time.Duration // sum of their times outside of children
	Max   time.Duration // the longest

	millis int64 // sum of the durations as OSProfiler cuts them
}

// Warning is something that was wrong with one or more records.
type Warning struct {
	Problem string // one line of ours
	Count   int    // of records
	Example string // as stored in the first of them; hostile
}

// Began returns the time of the earliest record, or the zero Time if there is none.
func (r *Report) Began() time.Time {
	if len(r.Points) == 0 {
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
	path = append([]string{"info", "sonde"}, path...)
	for i := range r.events.len {
		payload := r.events.at(i).payload
		if !bytes.Contains(payload, []byte(`"sonde"`)) {
			continue
		}
		n, err := strconv.ParseInt(string(jsontext.Get(payload, path...)), 10, 32)
		if err == nil && n > 0 {
			sum += n
		}
	}
	return sum
}

// Services returns the services that took part, in the order of Points. A service
// without a name is "".
func (r *Report) Services() (names []string) {
	seen := map[string]bool{}
	for i := range r.Points {
		if name := r.Points[i].Service; !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// Unfinished returns how many points have no stop.
func (r *Report) Unfinished() (n int) {
	for i := range r.Points {
		if !r.Points[i].HasStop {
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
		for ; i != none; i = r.Points[i].next {
			if !yield(&r.Points[i]) {
				return
			}
		}
	}
}

// Parent returns the point above p, or nil for a root.
func (r *Report) Parent(p *Point) *Point {
	if p.parent == none {
		return nil
	}
	return &r.Points[p.parent]
}

// Walk yields the points of the tree, each before its children.
func (r *Report) Walk() iter.Seq[*Point] {
	return func(yield func(*Point) bool) {
		for i := range r.walk() {
			if !yield(&r.Points[i]) {
				return
			}
		}
	}
}

func (r *Report) walk() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i := r.first; i != none; {
			if !yield(i) {
				return
			}
			p := &r.Points[i]
			if p.child != none {
				i = p.child
				continue
			}
			for p.next == none && p.parent != none {
				p = &r.Points[p.parent]
			}
			i = p.next
		}
	}
}

// Unreachable yields the points that no root leads to, because they are their own
// parent, in a cycle or below one, in the order of Points.
func (r *Report) Unreachable() iter.Seq[*Point] {
	return func(yield func(*Point) bool) {
		if r.reachable == len(r.Points) {
			return
		}
		for i := range r.Points {
			if p := &r.Points[i]; p.Depth < 0 && !yield(p) {
				return
			}
		}
	}
}

// Info returns the JSON object "info" of p's start or stop record, or nil if there
// is none.
func (r *Report) Info(p *Point, kind record.Phase) json.RawMessage {
	at := p.start
	if kind == record.Stop {
		at = p.stop
	}
	if at == none {
		return nil
	}
	return r.events.at(at).info
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
		for i := p.firstEvent; i != none; {
			e := r.events.at(i)
			if !yield(e.name, e.payload) {
				return
			}
			i = e.next
		}
	}
}

// duration turns microseconds into a Duration, which spans 292 years.
func duration(micros int64) time.Duration {
	const most = math.MaxInt64 / 1000
	return time.Duration(max(-most, min(most, micros))) * time.Microsecond
}
