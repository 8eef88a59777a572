package traces

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// Line is a line of a list: what the store's own list says of a trace, and what its
// records do.
type Line struct {
	drivers.Trace
	Digest *Digest // nil: not known
}

// Digest is what the records of a trace say in a few words. Its texts are hostile.
type Digest struct {
	Root     string // "GET /orders/{id}"; of several roots the name of the first, "" if there is none
	Status   string
	Duration time.Duration // of the root, until now if it runs; without one root, from the first record to the last
	Ended    bool
	Points   int
	Services []string // by their first points, that of the root before all
	Failed   bool
}

// HasFailed says whether the trace is known to have failed, and whether that is
// known.
func (l *Line) HasFailed() (failed, known bool) {
	return l.Failed || l.Digest != nil && l.Digest.Failed, l.Failed || l.Digest != nil
}

// OrZero is the digest, the zero one if it is not known.
func (l *Line) OrZero() Digest {
	if l.Digest == nil {
		return Digest{}
	}
	return *l.Digest
}

// Began is when a trace did, by its first record.
func Began(t *drivers.Trace) (time.Time, error) {
	return time.Parse("2006-01-02T15:04:05.999999", t.Timestamp)
}

// undigested are traces whose records are not read.
func undigested(traces iter.Seq2[drivers.Trace, error]) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for t, err := range traces {
			if !yield(Line{Trace: t}, err) {
				return
			}
		}
	}
}

// newDigest is nil for a trace without points.
func newDigest(r *report.Report) *Digest {
	if r.Len() == 0 {
		return nil
	}
	h := findings.Find(r, findings.Options{Now: AsOf(r)}).Head
	s := &Digest{Root: h.Title, Status: h.Status, Duration: h.Duration, Ended: h.Ended, Points: h.Points, Services: services(r, h.Point)}
	if h.Point == nil {
		s.Duration = r.Duration()
		for p := range r.Roots() {
			s.Root = p.Name
			break
		}
	} else if route := routeOf(r, h.Point); route != "" {
		s.Root = route
	}
	for p := range r.All() {
		_, _, failed := r.Failure(p)
		s.Failed = s.Failed || failed
	}
	return s
}

// services are the names of the services by their first points, that of the root
// before all, whatever order the store has.
func services(r *report.Report, root *report.Point) []string {
	first := map[string]time.Duration{}
	for p := range r.All() {
		if at, seen := first[p.Service]; !seen || p.Start() < at {
			first[p.Service] = p.Start()
		}
	}
	if root != nil {
		first[root.Service] = math.MinInt64
	}
	return slices.SortedFunc(maps.Keys(first), func(a, b string) int { return cmp.Or(cmp.Compare(first[a], first[b]), cmp.Compare(a, b)) })
}

// routeOf is the method and the route of a request that was served, "" if it has
// none. A route may begin with its method, as the patterns of net/http do.
func routeOf(r *report.Report, p *report.Point) string {
	route := r.Text(p, "response.route")
	if method := r.Text(p, "request.method"); route != "" && method != "" && !strings.Contains(route, " ") {
		return method + " " + route
	}
	return route
}

// readers is how many traces of a list are read at a time, where the store takes
// several readers.
const readers = 4

// digested reads each of the traces, in the order that they are in. It reads some
// in advance, and stops when its reader does.
func digested(ctx context.Context, d *drivers.Store, traces iter.Seq2[drivers.Trace, error]) iter.Seq2[Line, error] {
	type answer struct {
		Line
		err error
	}
	return func(yield func(Line, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		most := readers
		if d.Terms().OneReader {
			most = 1
		}
		var ahead []chan answer // the oldest first
		pass := func() bool {
			a := <-ahead[0]
			ahead = ahead[1:]
			return yield(a.Line, a.err) && a.err == nil
		}
		for t, err := range traces {
			if len(ahead) == most && !pass() {
				return
			}
			done := make(chan answer, 1)
			ahead = append(ahead, done)
			if err != nil {
				done <- answer{err: err}
				break
			}
			running.Add(1)
			go func() {
				defer running.Done()
				r, err := report.Build(d.Records(ctx, t.ID))
				if err != nil {
					done <- answer{err: err}
					return
				}
				done <- answer{Line: Line{t, newDigest(r)}}
			}()
		}
		for len(ahead) > 0 && pass() {
		}
	}
}
