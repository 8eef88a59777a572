package cli

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

// listLine is a line of a list: what the store's own list says of a trace, and what
// its records do.
type listLine struct {
	drivers.Trace
	*digest // nil: not known
}

// digest is what the records of a trace say in a few words. Its texts are hostile.
type digest struct {
	root     string // "GET /orders/{id}"; of several roots the name of the first, "" if there is none
	status   string
	duration time.Duration // of the root, until now if it runs; without one root, from the first record to the last
	ended    bool
	points   int
	services []string // by their first points, that of the root before all
	failed   bool
}

// hasFailed says whether the trace is known to have failed, and whether that is
// known.
func (l *listLine) hasFailed() (failed, known bool) {
	return l.Failed || l.digest != nil && l.failed, l.Failed || l.digest != nil
}

// orZero is the digest, the zero one if it is not known.
func (l *listLine) orZero() digest {
	if l.digest == nil {
		return digest{}
	}
	return *l.digest
}

// undigested are traces whose records are not read.
func undigested(traces iter.Seq2[drivers.Trace, error]) iter.Seq2[listLine, error] {
	return func(yield func(listLine, error) bool) {
		for t, err := range traces {
			if !yield(listLine{Trace: t}, err) {
				return
			}
		}
	}
}

// newDigest is nil for a trace without points.
func newDigest(r *report.Report) *digest {
	if r.Len() == 0 {
		return nil
	}
	h := findings.Find(r, findings.Options{Now: asOf(r)}).Head
	s := &digest{root: h.Title, status: h.Status, duration: h.Duration, ended: h.Ended, points: h.Points, services: services(r, h.Point)}
	if h.Point == nil {
		s.duration = r.Duration()
		for p := range r.Roots() {
			s.root = p.Name
			break
		}
	} else if route := routeOf(r, h.Point); route != "" {
		s.root = route
	}
	for p := range r.All() {
		_, _, failed := r.Failure(p)
		s.failed = s.failed || failed
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
func digested(ctx context.Context, d *drivers.Store, traces iter.Seq2[drivers.Trace, error]) iter.Seq2[listLine, error] {
	type answer struct {
		listLine
		err error
	}
	return func(yield func(listLine, error) bool) {
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
			return yield(a.listLine, a.err) && a.err == nil
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
				done <- answer{listLine: listLine{t, newDigest(r)}}
			}()
		}
		for len(ahead) > 0 && pass() {
		}
	}
}
