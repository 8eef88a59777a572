package profiler_test

import (
	"encoding/json"
	"math"
	"regexp"
	"testing"

	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// TestCallSites: calls and messages say which code made them, if that is asked for;
// nothing else does.
func TestCallSites(t *testing.T) {
	for _, c := range []struct {
		on   bool
		o    profiler.Opening
		want string
	}{
		{true, profiler.Opening{Name: "db", Layer: layer.SQL}, `^callsite_test\.go:\d+ profiler_test\.TestCallSites$`},
		{true, profiler.Opening{Name: "grpc_client", Layer: layer.GRPC, Kind: layer.Client}, `^callsite_test\.go:\d+ profiler_test\.TestCallSites$`},
		{true, profiler.Opening{Name: "nats_publish", Layer: layer.NATS, Kind: layer.Producer}, `^callsite_test\.go:\d+ profiler_test\.TestCallSites$`},
		{true, profiler.Opening{Name: "grpc", Layer: layer.GRPC, Kind: layer.Server}, `^$`},
		{true, profiler.Opening{Name: "own"}, `^$`},
		{false, profiler.Opening{Name: "db", Layer: layer.SQL}, `^$`},
	} {
		s := &store{}
		svc := newService(t, s, func(pc *profiler.Config) { pc.CallSites = c.on })
		ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
		for range 2 { // found, then remembered
			_, p := profiler.Open(ctx, c.o)
			p.Stop()
		}
		root.Stop()
		if err := svc.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range s.all() {
			if e.RecordName() != c.o.Name+"-start" {
				continue
			}
			n++
			var info struct{ Sonde struct{ At string } }
			if err := json.Unmarshal(e.Info(), &info); err != nil {
				t.Fatal(err)
			}
			if !regexp.MustCompile(c.want).MatchString(info.Sonde.At) {
				t.Errorf("%s, on %t: at %q, want %s", c.o.Name, c.on, info.Sonde.At, c.want)
			}
		}
		if n != 2 {
			t.Errorf("%s: %d starts, want 2", c.o.Name, n)
		}
	}
}

// TestAllocCallSites: a place that is known costs no allocation.
func TestAllocCallSites(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	allocs := func(on bool) float64 {
		svc := newService(t, discard{}, func(pc *profiler.Config) { pc.CallSites, pc.Limits.TracePoints = on, math.MaxInt })
		ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
		defer root.Stop()
		return race.Allocs(1000, func() {
			_, p := profiler.Open(ctx, profiler.Opening{Name: "db", Layer: layer.SQL})
			p.Stop()
		})
	}
	if off, on := allocs(false), allocs(true); on > off {
		t.Errorf("%v allocations, without %v", on, off)
	}
}
