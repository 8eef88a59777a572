package sondetest_test

import (
	"context"

	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sondetest"
)

// call opens a point that stands for a call of a layer.
func call(ctx context.Context, name string) profiler.Point {
	_, p := profiler.Open(ctx, profiler.Opening{Name: name, Layer: layer.HTTPClient}, methodGET)
	return p
}

func names(p *sondetest.Trace) (list []string) {
	for point := range p.Report().Walk() {
		list = append(list, point.Name)
	}
	return list
}

// What goroutines and other services have begun is waited for, and what they begin
// while they run: each starts the next one when the one before is about to end.
func TestWaitsForAll(t *testing.T) {
	rec := sondetest.New(t)
	for range 50 {
		p := rec.Profile(func(ctx context.Context) {
			last := call(ctx, "first")
			go func() {
				for _, service := range []string{"a", "b", "a", "c"} {
					time.Sleep(time.Millisecond) // the profiled function has returned
					headers := map[string]string{}
					profiler.Inject(ctx, carrier(headers))
					in := rec.Service(service).Receive(t.Context(), profiler.Arrival{Layer: "http", Kind: layer.Server}, carrier(headers))
					_, next := in.Open(t.Context(), profiler.Opening{Name: "in_" + service, Layer: layer.HTTPServer}, methodGET)
					last.Stop()
					last = next
				}
				last.Stop()
			}()
		})
		if got := strings.Join(names(p), " "); got != "test first in_a in_b in_a in_c" {
			t.Fatal(got)
		}
		if n := p.Report().Unfinished(); n > 0 {
			t.Fatalf("%d points have not ended", n)
		}
	}
}

type carrier map[string]string

func (c carrier) Get(name string) string { return c[name] }
func (c carrier) Set(name, value string) { c[name] = value }

func TestNeverEnds(t *testing.T) {
	var open profiler.Point
	defer func() { open.Stop() }()
	fails(t, func(u testing.TB) {
		sondetest.Profile(u, func(ctx context.Context) {
			open = call(ctx, "stuck")
			call(ctx, "fine").Stop()
		}, sondetest.Patience(time.Millisecond))
	}, "1 point is still open 1ms after the function returned: stuck (test)", "fine")
}

func TestBeginsLate(t *testing.T) {
	fails(t, func(u testing.TB) {
		var late context.Context
		sondetest.Profile(u, func(ctx context.Context) {
			call(ctx, "fine").Stop()
			late = ctx
		})
		call(late, "late").Stop()
	}, "begun after the profile had ended: late (test)")
}

func TestNoLayer(t *testing.T) {
	work := func(ctx context.Context) {
		_, p := profiler.Start(ctx, "own")
		p.Stop()
	}
	fails(t, func(u testing.TB) { sondetest.Profile(u, work) }, "no query, request, call or message was seen")
	fails(t, func(u testing.TB) {
		if got := names(sondetest.Profile(u, work, sondetest.AllowNoLayer())); len(got) != 2 {
			u.Errorf("%q", got)
		}
	})
}

// What is undone did not happen, even if its start was told.
func TestDiscarded(t *testing.T) {
	p := sondetest.Profile(t, func(ctx context.Context) {
		call(ctx, "fine").Stop()
		call(ctx, "undone").Discard()
	})
	if got := strings.Join(names(p), " "); got != "test fine" {
		t.Error(got)
	}
}

// A function that ends its test or panics has its way.
func TestFunctionThatDoesNotReturn(t *testing.T) {
	fails(t, func(u testing.TB) {
		sondetest.Profile(u, func(context.Context) { u.Fatal("no such cart") })
	}, "no such cart")
	fails(t, func(u testing.TB) {
		rec := sondetest.New(u)
		u.Cleanup(func() {
			if s := rec.Service("test").Stats(); s.Starts != 1 || s.Stops != 1 {
				u.Errorf("%d points have begun and %d ended", s.Starts, s.Stops)
			}
		})
		rec.Profile(func(context.Context) { runtime.Goexit() })
		u.Errorf("Profile has returned")
	})
	fails(t, func(u testing.TB) {
		sondetest.Profile(u, func(context.Context) { panic("boo") })
	}, "panic: boo")
}

// Services of one name are one.
func TestService(t *testing.T) {
	rec := sondetest.New(t)
	cart := rec.Service("cart")
	if again := rec.Service("cart"); again != cart || rec.Service("stock") == cart {
		t.Error("a name is not a service")
	}
	fails(t, func(u testing.TB) { sondetest.New(u).Service("") }, `service ""`)
}

// Profiles of one Recorder do not see each other's points.
func TestProfilesAreApart(t *testing.T) {
	rec := sondetest.New(t)
	outer := rec.Profile(func(ctx context.Context) {
		call(ctx, "outer").Stop()
		inner := rec.Profile(func(ctx context.Context) { call(ctx, "inner").Stop() })
		if got := strings.Join(names(inner), " "); got != "test inner" {
			t.Error(got)
		}
	})
	if got := strings.Join(names(outer), " "); got != "test outer" {
		t.Error(got)
	}
}
