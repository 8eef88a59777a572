package report

import "time"

// none is the index of no point or record.
const none = -1

// Point is one trace point: all records with one trace id. Its first record
// decides on its name and all else here.
type Point struct {
	Name     string // up to the first dash: "db" of "db-start"
	TraceID  string
	ParentID string
	Project  string // "" also for null, as Service and Host
	Service  string
	Host     string

	// Depth is 0 for a root, and -1 for a point that no root leads to.
	Depth int32

	// A half that is missing has the time of the other.
	HasStart, HasStop bool

	nulls uint8 // which of project, service and host are null
	stat  int32 // in Report.Stats

	parent, child, next   int32 // points
	firstEvent, lastEvent int32 // list of events
	start, stop           int32 // the latest event of each kind

	started, stopped int64 // microseconds since 1970
	offset           int64 // of started from the report's beginning
	covered          int64 // microseconds in which a child ran
}

const (
	nullProject = 1 << iota
	nullService
	nullHost
)

// Start is when the point began, counted from the beginning of the report.
func (p *Point) Start() time.Duration { return duration(p.offset) }

// Stop is when the point ended, counted from the beginning of the report.
func (p *Point) Stop() time.Duration { return duration(p.offset + p.stopped - p.started) }

// Duration is 0 if a half is missing, and negative if the clocks of two hosts
// differ.
func (p *Point) Duration() time.Duration { return duration(p.stopped - p.started) }

// Self is the part of the duration in which no child ran. It is not negative.
func (p *Point) Self() time.Duration { return duration(p.self()) }

func (p *Point) self() int64 { return max(0, p.stopped-p.started) - p.covered }
