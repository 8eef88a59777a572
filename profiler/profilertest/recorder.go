// Package profilertest helps to test code that records trace points, and layers
// that open them. Sonde's own layers are tested with it.
//
// A [Recorder] is a sink that puts the records of a [profiler.Service] together
// again, so that a test looks at points with attributes:
//
//	func TestPrice(t *testing.T) {
//		svc, rec := profilertest.New(t, "shop")
//		ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
//		price(ctx, "tea") // calls profiler.Start(ctx, "price", slog.String("sku", "tea"))
//		root.Stop()
//
//		p := rec.One(t, "price")
//		if p.Parent != root.ID() || p.Start["sku"] != "tea" || !p.Stopped {
//			t.Errorf("the point is %+v", p)
//		}
//	}
//
// For the author of a layer there are three suites. [Receiver.Test] runs a layer
// through every way in which a request can arrive: with and without headers,
// forged ones, inside another trace, over a limit, with a hook that says yes or no.
// [Sender.Test] checks that what a layer sends carries the headers of its own trace
// and no others. [PassOn], with [Recorder.Unwound], checks that a layer neither
// swallows a panic nor loses the point that the panic passes through.
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

// Recorder is a sink that keeps all points in memory. [New] makes one.
//
// A record that arrives twice fails the test that the Recorder was made for: a
// Service sends a batch again only after an error, and this sink returns none.
// All methods are safe for concurrent use; those that take a test must be called
// from its goroutine, since they may end it.
type Recorder struct {
	t   testing.TB
	svc *profiler.Service

	mu     sync.Mutex
	points []*Point
	byID   map[header.ID]*Point
}

// Point is one trace point, put together from its two records.
type Point struct {
	Name    string
	ID      header.ID
	Parent  header.ID // the point above; Trace at the top
	Trace   header.ID // the trace's base id
	Service string    // Config.Name of the Service that recorded it

	// Started and Stopped say which of the two records have been written. A point
	// that is still open is not stopped.
	Started, Stopped bool
	// From and To are the times of the two records, in nanoseconds since 1970
	// (Unix time).
	From, To int64

	// Kind is what the start record says. It is Unspecified where the point's
	// layer implies the kind, see [layer.Layer.Kind].
	Kind layer.Kind

	// Start and Stop are the attributes of the two records as encoding/json
	// decodes them: numbers are float64, groups are map[string]any. Left out are
	// "host" and the kind in "sonde"; anything else in "sonde" is kept, such as the
	// description of a layer outside this module. A map is nil if the record has
	// not been written, and must not be changed.
	Start, Stop map[string]any
}

// New makes a Service called name and the Recorder that it writes to. The
// Service has a single key, "key", and a logger that discards everything. Each
// change may set any field of its Config except Sink. If the Config is not valid,
// New ends the test. When the test ends, the Service is closed; an error of that
// fails the test.
func New(t testing.TB, name string, change ...func(*profiler.Config)) (*profiler.Service, *Recorder) {
	t.Helper()
	keys, err := header.ParseKeys("key")
	if err != nil {
		t.Fatal(err)
	}
	r := &Recorder{t: t, byID: map[header.ID]*Point{}}
	c := profiler.Config{Name: name, Keys: keys, Sink: r, Logger: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&c)
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

// Notify implements [record.Sink]. It returns no error.
func (r *Recorder) Notify(_ context.Context, events []record.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		e := &events[i]
		p := r.byID[e.Point()]
		if p == nil {
			p = &Point{Name: e.Name(), ID: e.Point(), Parent: e.Parent(), Trace: e.Trace(), Service: e.Service()}
			r.byID[e.Point()] = p
			r.points = append(r.points, p)
		}
		var info map[string]any
		if err := json.Unmarshal(e.Info(), &info); err != nil {
			info = map[string]any{"bad info": string(e.Info())}
		}
		delete(info, "host")
		if e.Phase() == record.Start && p.Started || e.Phase() == record.Stop && p.Stopped {
			r.t.Errorf("the record %s of point %s was written twice", e.RecordName(), p.ID)
		}
		if e.Phase() == record.Start {
			p.Kind = takeKind(info)
			p.Started, p.From, p.Start = true, e.Time(), info
		} else {
			p.Stopped, p.To, p.Stop = true, e.Time(), info
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

// Points returns all points recorded so far, in the order in which they
// started, open ones included. It flushes the Service first, so what was
// recorded before the call is in the result. It ends the test t if that fails.
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

// Named returns the points called name, in the order in which they started; see
// [Recorder.Points].
func (r *Recorder) Named(t testing.TB, name string) []Point {
	t.Helper()
	return slices.DeleteFunc(r.Points(t), func(p Point) bool { return p.Name != name })
}

// One returns the only point called name, and ends the test t if there is none
// or more than one; see [Recorder.Points].
func (r *Recorder) One(t testing.TB, name string) Point {
	t.Helper()
	points := r.Named(t, name)
	if len(points) != 1 {
		t.Fatalf("%d points are called %q, want 1; all points: %+v", len(points), name, r.Points(t))
	}
	return points[0]
}
