// Package pointtest gathers the trace points that a test makes, so that it can
// look at them as points with infos and not as records in a store.
package profilertest

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// Recorder is a sink that keeps all points. A record that comes twice fails the
// test: a queue may send one again, but only after an error, and this sink has
// none. It is safe for concurrent use.
type Recorder struct {
	t   testing.TB
	svc *profiler.Service

	mu     sync.Mutex
	points []*Point
	byID   map[header.ID]*Point
}

// Point is one trace point, put together from its two records.
type Point struct {
	Name             string
	ID, Parent, Base header.ID
	Service          string
	Started, Stopped bool
	From, To         int64          // Unix time in nanoseconds
	Kind             layer.Kind     // as stored; Unspecified where the layer implies it
	Start, Stop      map[string]any // the infos without "host" and the kind
}

// New makes a Service called name, with the key "key" unless config says
// otherwise, and the Recorder that it writes to. It is closed when the test
// ends.
func New(t testing.TB, name string, config ...func(*profiler.Config)) (*profiler.Service, *Recorder) {
	t.Helper()
	keys, err := header.ParseKeys("key")
	if err != nil {
		t.Fatal(err)
	}
	r := &Recorder{t: t, byID: map[header.ID]*Point{}}
	c := profiler.Config{Name: name, Keys: keys, Sink: r, Logger: slog.New(slog.DiscardHandler)}
	for _, set := range config {
		set(&c)
	}
	r.svc, err = profiler.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.svc.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r.svc, r
}

// Notify implements [record.Sink].
func (r *Recorder) Notify(_ context.Context, events []record.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		e := &events[i]
		p := r.byID[e.TraceID]
		if p == nil {
			p = &Point{Name: e.Name, ID: e.TraceID, Parent: e.ParentID, Base: e.BaseID, Service: e.Service}
			r.byID[e.TraceID] = p
			r.points = append(r.points, p)
		}
		var info map[string]any
		if err := json.Unmarshal(e.Info, &info); err != nil {
			info = map[string]any{"bad info": string(e.Info)}
		}
		delete(info, "host")
		if e.Phase == record.Start && p.Started || e.Phase == record.Stop && p.Stopped {
			r.t.Errorf("the record %s of point %s was written twice", e.RecordName(), p.ID)
		}
		if e.Phase == record.Start {
			p.Kind = takeKind(info)
			p.Started, p.From, p.Start = true, e.Time, info
		} else {
			p.Stopped, p.To, p.Stop = true, e.Time, info
		}
	}
	return nil
}

// takeKind takes the kind out of an info.
func takeKind(info map[string]any) layer.Kind {
	about, _ := info["sonde"].(map[string]any)
	kind, _ := about["kind"].(string)
	delete(about, "kind")
	if about != nil && len(about) == 0 {
		delete(info, "sonde")
	}
	return layer.ParseKind(kind)
}

// Points returns what was recorded so far, in the order of starting.
func (r *Recorder) Points(t testing.TB) []Point {
	t.Helper()
	if err := r.svc.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	points := make([]Point, len(r.points))
	for i, p := range r.points {
		points[i] = *p
	}
	slices.SortStableFunc(points, func(a, b Point) int { return cmp.Compare(a.From, b.From) })
	return points
}

// Named returns the points called name, in the order of starting.
func (r *Recorder) Named(t testing.TB, name string) []Point {
	t.Helper()
	return slices.DeleteFunc(r.Points(t), func(p Point) bool { return p.Name != name })
}

// One returns the only point called name.
func (r *Recorder) One(t testing.TB, name string) Point {
	t.Helper()
	points := r.Named(t, name)
	if len(points) != 1 {
		t.Fatalf("%d points called %q in %+v, want one", len(points), name, r.Points(t))
	}
	return points[0]
}
