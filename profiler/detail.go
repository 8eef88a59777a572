package profiler

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/sonde-go/sonde/internal/sqltext"
)

// Detail says how much of each trace is recorded, for services that trace so many
// requests that all of it would be too much. The zero Detail records everything. What
// is not written by itself is counted in the point above, and reports count it: their
// numbers of points and sums of times stay what they were.
//
// These points are always written: the first one of a trace in the process and those of
// requests that came in, points that failed or have an outcome, those with a written
// point below, and those that have sent signed headers, since the receiver's points
// hang below them. So are points that are still open after QueueConfig.FlushInterval.
type Detail struct {
	// Off are layers whose points are left out: the groups of their attributes ("db",
	// "redis", "requests", "function"; see [layer.All]) or names of points
	// ("http_client"), and "own" for points without a layer, those of [Start] and
	// [Trace]. Calls still send the headers of the trace; what is received hangs
	// below the point around the call. Points of requests that came in cannot be off.
	// The first record of a trace in the process says in info.sonde.off what is.
	Off []string
	// MinDuration is how long a point takes at least to be written. Those that are
	// shorter are counted by name in info.sonde.short of the point above.
	// Zero: all are.
	MinDuration time.Duration
	// Repeats is how many points that do the same below one point are written one
	// by one. Further ones that have nothing below are written as one point, which
	// says in info.sonde.repeated how many there were and how long they took. Two
	// points do the same if reports group them: same name, same statement without
	// literals, same route. Zero: all are written one by one.
	Repeats int
	// Points and Bytes are limits as LimitConfig.TracePoints and TraceBytes, also for
	// traces that the program begins itself. Of two limits the lower one holds.
	// Zero: only that of LimitConfig.
	Points, Bytes int
}

// ownPoints is what Detail.Off calls points without a layer.
const ownPoints = "own"

func (d *Detail) validate() error {
	if d.MinDuration < 0 || min(d.Repeats, d.Points, d.Bytes) < 0 {
		return errors.New("profiler: a limit of Detail is negative; use zero for none")
	}
	if slices.Contains(d.Off, "") {
		return errors.New(`profiler: Detail.Off has an empty name; use "own" for points without a layer`)
	}
	return nil
}

// SetDetail changes what traces that begin from now on record; those that are open
// stay as they are. It fails, and changes nothing, if a number in d is negative or a
// name is empty. It keeps nothing of d.
func (s *Service) SetDetail(d Detail) error {
	if err := d.validate(); err != nil {
		return err
	}
	if s != nil && !s.disabled {
		s.detail.Store(newDetail(d, s.limits))
	}
	return nil
}

// Detail returns what was set last, by Config.Detail or [Service.SetDetail].
func (s *Service) Detail() Detail {
	if s == nil || s.disabled {
		return Detail{}
	}
	d := s.detail.Load()
	if d == nil {
		return Detail{}
	}
	given := d.given
	given.Off = slices.Clone(given.Off)
	return given
}

// detail is a Detail that is in use. It never changes, but for statements.
type detail struct {
	given               Detail
	maxPoints, maxBytes int64
	shortest            int64  // microseconds
	off                 string // what info.sonde says of it, with a comma behind

	mu         sync.Mutex
	statements sqltext.Cache // guarded by mu
}

// newDetail returns nil for the zero Detail.
func newDetail(d Detail, l *limiter) *detail {
	if len(d.Off) == 0 && d.MinDuration == 0 && d.Repeats == 0 && d.Points == 0 && d.Bytes == 0 {
		return nil
	}
	d.Off = slices.Clone(d.Off)
	slices.Sort(d.Off)
	d.Off = slices.Compact(d.Off)
	return &detail{
		given:     d,
		maxPoints: min(l.maxPoints, int64(cmp.Or(d.Points, math.MaxInt))),
		maxBytes:  min(l.maxBytes, int64(cmp.Or(d.Bytes, math.MaxInt))),
		shortest:  int64((d.MinDuration + time.Microsecond - 1) / time.Microsecond),
		off:       toldOff(d.Off),
	}
}

// watches reports whether points may be counted instead of being written.
func (d *detail) watches() bool { return d != nil && (d.given.Repeats > 0 || d.given.MinDuration > 0) }

// isOff reports whether a point is left out because of what it is.
func (d *detail) isOff(o *Opening) bool {
	for _, off := range d.given.Off {
		if off == o.Name || o.Layer == nil && off == ownPoints || o.Layer != nil && off == o.Layer.Group {
			return true
		}
	}
	return false
}

// limited reports whether there are limits of its own.
func (d *detail) limited() bool { return d != nil && d.given.Points+d.given.Bytes > 0 }

// fingerprint is sqltext.Fingerprint with a cache that all traces share.
func (d *detail) fingerprint(statement []byte) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.statements.Fingerprint(statement)
}
