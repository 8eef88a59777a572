package profiler

import (
	"testing"

	"github.com/sonde-go/sonde/header"
)

// TestLossesAreBounded: those of so many traces are remembered, and more are
// not.
func TestLossesAreBounded(t *testing.T) {
	var l losses
	ids := make([]header.ID, maxLosses)
	for i := range ids {
		ids[i] = header.NewID()
		l.add(ids[i], 1)
	}
	l.add(ids[0], 2) // one that is known needs no room
	if n := l.take(ids[0]); n != 3 || len(l.lost) != maxLosses-1 {
		t.Errorf("%d are told, %d traces remembered", n, len(l.lost))
	}
	if n := l.take(ids[0]); n != 0 {
		t.Errorf("%d are told twice", n)
	}
	l.add(ids[0], 1)
	for range 3 * maxLosses {
		l.add(header.NewID(), 1)
		if len(l.lost) > maxLosses {
			t.Fatalf("%d traces are remembered", len(l.lost))
		}
	}
}
