package profiler_test

import (
	"context"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/profiler"
)

// TestAllocDetail: a point that is counted instead of being written costs the point
// itself and nothing else, and its memory is not the queue's.
func TestAllocDetail(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	for name, d := range map[string]profiler.Detail{
		"short":    {MinDuration: time.Hour},
		"repeated": {Repeats: 2},
	} {
		s := newService(t, &store{}, func(c *profiler.Config) { c.Detail, c.Queue.FlushInterval = d, time.Hour })
		ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
		work := func() {
			_, p := profiler.Open(ctx, query, statement("SELECT a FROM b WHERE c = 17"))
			p.Stop()
		}
		for range 10 {
			work()
		}
		bytes, events := s.Taken()
		// The attributes that are passed are one more.
		if n := race.Allocs(200, work); n > 2 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if b, e := s.Taken(); b != bytes || e != events {
			t.Errorf("%s: the queue holds %d bytes and %d records, and %d and %d after many more", name, bytes, events, b, e)
		}
		root.Stop()
		mustClose(t, s)
	}
}
