package report

import "time"

// none is the index of no point or record.
const none = -1

// Point is one trace point: all records with one point id, which OSProfiler calls
// trace_id. Its name and all other fields are those of its first record.
type Point struct {
	Name     string // up to the first dash: "db" of "db-start"
	ID       string
	ParentID string
	*Source

	// Depth is 0 for a root, and -1 for a point that no root leads to.
	Depth int32

	// A half that is missing has the time of the other.
	HasStart, HasStop bool

	stat                  int32 // in Report.Stats
	parent, child, next   int32 // points
	firstEvent, lastEvent int32 // list of events
	start, stop           int32 // the latest event of each kind

	// Microseconds; the first two count from the report's beginning.
	started, stopped int64
	covered          int64 // in which a child ran
}

// Source says who recorded a point. A field that is null in the record is "".
type Source struct {
	Project string
	Service string
	Host    string

	nulls uint8 // which of them are null
}

const (
	nullProject = 1 << iota
	nullService
	nullHost
)

// Start returns when the point began, counted from the beginning of the report.
func (p *Point) Start() time.Duration { return duration(p.started) }

// Stop returns when the point ended, counted from the beginning of the report.
func (p *Point) Stop() time.Duration { return duration(p.stopped) }

// Duration returns the time from the point's start to its stop. It is 0 if one of
// them is missing, and negative if they are from hosts whose clocks differ.
func (p *Point) Duration() time.Duration { return duration(p.stopped - p.started) }

// Self returns the part of the duration in which no child ran. It is never
// negative.
func (p *Point) Self() time.Duration { return duration(p.self()) }

func (p *Point) self() int64 { return max(0, p.stopped-p.started) - p.covered }
