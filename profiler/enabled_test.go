package profiler_test

import (
	"context"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// TestSetEnabled: while a Service is off, open traces go on and nothing new is
// traced; on again, it traces as before.
func TestSetEnabled(t *testing.T) {
	sink := &store{}
	s := newService(t, sink, func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool { return true })
	})
	ctx, open := receive(t, s, header.Info{BaseID: header.NewID()}, profiler.Opening{Name: "open"})
	s.SetEnabled(false)
	_, below := profiler.Start(ctx, "below")
	below.Stop()
	if _, p := s.Begin(context.Background(), profiler.Opening{Name: "new"}); p.Active() {
		t.Error("a trace begins while the Service is off")
	}
	if in := s.Receive(context.Background(), atServer, profilertest.Headers{}); in.Traced() {
		t.Error("a request is admitted while the Service is off")
	}
	if !s.Idle(context.Background()) || s.Idle(ctx) {
		t.Error("Idle looks at the hook, or does not look into the context, while the Service is off")
	}
	open.Stop()
	s.SetEnabled(true)
	_, p := receive(t, s, header.Info{BaseID: header.NewID()}, profiler.Opening{Name: "again"})
	p.Stop()
	mustClose(t, s)
	for _, name := range []string{"open-stop", "below-stop", "again-stop"} {
		sink.find(t, name)
	}
	if len(sink.all()) != 6 {
		t.Errorf("%v", sink.names())
	}
	var none *profiler.Service
	none.SetEnabled(true)
}

// TestSetEnabledAtRunTime turns a Service off and on while it is used.
func TestSetEnabledAtRunTime(t *testing.T) {
	s := newService(t, &store{})
	var all sync.WaitGroup
	for i := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for j := range 500 {
				if i == 0 {
					s.SetEnabled(j%2 == 0)
					continue
				}
				_, p := s.Begin(context.Background(), profiler.Opening{Name: "job"})
				p.Stop()
			}
		}()
	}
	all.Wait()
	mustClose(t, s)
	if st := balanced(t, s); st.Starts != st.Stops {
		t.Errorf("%d starts, %d stops", st.Starts, st.Stops)
	}
}

func TestAllocOff(t *testing.T) {
	if race.Enabled {
		t.Skip("sync.Pool forgets at random under -race; runs without it too")
	}
	s := newService(t, &store{})
	s.SetEnabled(false)
	keys, _ := header.ParseKeys("k1")
	h := profilertest.Headers{}
	keys.Primary().Sign(header.Info{BaseID: header.NewID()}).Write(h)
	ctx := context.Background()
	if n := race.Allocs(200, func() {
		s.Receive(ctx, atServer, h)
		_, p := s.Begin(ctx, profiler.Opening{Name: "job"})
		p.Stop()
	}); n > 0 {
		t.Errorf("%v allocations while the Service is off", n)
	}
}
