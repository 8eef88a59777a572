package report

import (
	"bytes"
	"strings"
	"time"
)

// none is the index of no point.
const none = -1

// Point is one trace point: all records with one point id, which OSProfiler calls
// trace_id. Its name and all other fields are those of its first record.
type Point struct {
	*Origin

	// Depth is 0 for a root, and -1 for a point that no root leads to.
	Depth int32

	index               int32 // in the report
	parent, child, next int32 // points
	id, parentID        id

	// A half that is missing has the time of the other.
	HasStart, HasStop bool

	stopFirst bool // in the store
	several   bool // records of a kind, or with unusual names: see Report.events

	start, stop stored // the latest record of each kind

	// Microseconds; the first two count from the report's beginning.
	started, stopped int64
	covered          int64 // in which a child ran
}

// Origin is what many points have in common: their name and who recorded them. A
// field that is null in the record is "".
type Origin struct {
	Name    string // up to the first dash: "db" of "db-start"
	Project string
	Service string
	Host    string

	nulls  uint8 // which of them are null
	stat   int32 // in Report.Stats
	report *Report
}

const (
	nullProject = 1 << iota
	nullService
	nullHost
)

// ID returns the id of the point.
func (p *Point) ID() string { return p.report.ids.string(p.id) }

// ParentID returns the id of the point above, or that of the trace; "" if the record
// has none.
func (p *Point) ParentID() string { return p.report.ids.string(p.parentID) }

// CompareID compares the ids of two points of one report, as texts.
func (p *Point) CompareID(q *Point) int {
	x := &p.report.ids
	if p.id >= 0 && q.id >= 0 { // the digits of UUIDs are at the same places
		return bytes.Compare(x.at(p.id).uuid[:], x.at(q.id).uuid[:])
	}
	return strings.Compare(p.ID(), q.ID())
}

// Index returns the place of the point in [Report.At].
func (p *Point) Index() int { return int(p.index) }

// Start returns when the point began, counted from the beginning of the report.
func (p *Point) Start() time.Duration { return duration(p.started) }

// Stop returns when the point ended, counted from the beginning of the report.
func (p *Point) Stop() time.Duration { return duration(p.stopped) }

// Duration returns the time from the point's start to its stop. It is 0 if one of
// them is missing, and negative if they are from hosts whose clocks differ.
func (p *Point) Duration() time.Duration { return duration(p.stopped - p.started) }

// Self returns the part of the duration in which no child ran, be it one that has no
// records; of a point that stands for several ([Point.Repeated]) it is their Total. It
// is never negative.
func (p *Point) Self() time.Duration { return p.SelfIn(p.Duration(), duration(p.covered)) }

// points is a list that grows without being copied: chunks, all but the last of
// them full.
type points struct {
	chunks [][]Point
	len    int32
}

func (l *points) at(i int32) *Point { return &l.chunks[i>>chunkBits][i&(chunkSize-1)] }

// add returns a new point, the zero one but for its index. It may move the others of
// the first chunk.
func (l *points) add() *Point {
	if l.len&(chunkSize-1) == 0 {
		l.chunks = append(l.chunks, newChunk[Point](len(l.chunks)))
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(*last, Point{index: l.len})
	l.len++
	return &(*last)[len(*last)-1]
}

// newChunk makes a chunk of a list: the first one grows with a small trace.
func newChunk[T any](before int) []T {
	if before == 0 {
		return nil
	}
	return make([]T, 0, chunkSize)
}
