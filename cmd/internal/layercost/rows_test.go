package main

import (
	"context"
	"testing"

	"github.com/sonde-go/sonde/internal/race"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestRecords: each call of the table is recorded within a trace, and only there.
func TestRecords(t *testing.T) {
	rig := newRig()
	t.Cleanup(rig.close)
	check(rig.svc.Flush(context.Background())) // the trace's own first record
	recorded := func(c call, traced bool) uint64 {
		before := rig.svc.Stats().Recorded
		rig.round(c, traced)()
		return rig.svc.Stats().Recorded - before
	}
	for _, r := range rig.rows() {
		for how, c := range map[string]call{"layer": r.native, "bridged": r.bridged} {
			if c == nil {
				continue
			}
			if n := recorded(c, false); n != 0 {
				t.Errorf("%s, %s: %d records without a trace", r.name, how, n)
			}
			if n := recorded(c, true); n != 2*calls {
				t.Errorf("%s, %s: %d records of %d calls", r.name, how, n, calls)
			}
		}
	}
}

// TestAllocUntraced: without a trace our layers allocate nothing, and bridged libraries
// no more than with OpenTelemetry's provider that does nothing.
func TestAllocUntraced(t *testing.T) {
	if race.Enabled {
		t.Skip("allocations cannot be counted under the race detector")
	}
	rig := newRig()
	t.Cleanup(rig.close)
	allocs := func(c call) float64 { return race.Allocs(100, func() { c(false) }) }
	for _, r := range rig.rows() {
		if got, want := allocs(r.native), allocs(r.bare); got > want {
			t.Errorf("%s, layer: %v allocations, %v without it", r.name, got, want)
		}
		if r.bridged == nil {
			continue
		}
		if got, want := allocs(r.bridged), allocs(r.own); got > want {
			t.Errorf("%s, bridged: %v allocations, %v with a provider that does nothing", r.name, got, want)
		}
	}
}
