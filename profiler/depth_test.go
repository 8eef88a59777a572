package profiler

import (
	"context"
	"testing"
)

type deepKey int

// TestDepth: below 500 points a context is asked as directly as below one, since a
// point's context knows the nearest one that is not a point's.
func TestDepth(t *testing.T) {
	outer, cancel := context.WithCancel(context.WithValue(context.Background(), deepKey(0), "outer"))
	defer cancel()
	s := quietService(t)
	ctx, root := s.Begin(outer, Opening{Name: "root"})
	defer root.Stop()
	steps := func(foreign context.Context) (p Point) {
		for range 500 {
			up := current(ctx)
			ctx, p = Start(ctx, "step")
			t.Cleanup(func() { p.Stop() })
			if p.n.Context != foreign || p.n.above != up {
				t.Fatalf("the context is around %v", p.n.Context)
			}
		}
		return p
	}
	steps(outer)
	between := context.WithValue(ctx, deepKey(1), "between")
	ctx = between
	p := steps(between)
	_, other := s.Begin(ctx, Opening{Name: "another trace"})
	defer other.Stop()
	if other.n.Context != between || other.n.above != nil {
		t.Errorf("the other trace is around %v", other.n.Context)
	}
	if ctx.Value(deepKey(0)) != "outer" || ctx.Value(deepKey(1)) != "between" || PointOf(ctx) != p {
		t.Error("values are lost")
	}
	inner, stop := context.WithCancel(ctx)
	defer stop()
	cancel()
	<-inner.Done()
	if ctx.Err() != context.Canceled {
		t.Errorf("the context's end is %v", ctx.Err())
	}
}
