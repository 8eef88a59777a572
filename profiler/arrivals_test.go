package profiler

import (
	"math"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
)

// TestNoLimit: a limit that nothing reaches refuses nothing, although requests on
// several processors read the clock in one order and are counted in another.
func TestNoLimit(t *testing.T) {
	c := LimitConfig{NewTraces: math.MaxInt, NewTracesPerSecond: math.MaxInt, Arrivals: math.MaxInt, ArrivalsPerSecond: math.MaxInt}
	c.setDefaults()
	l := newLimiter(&c)
	keys, err := header.ParseKeys("k1")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for i, at := range []time.Time{now.Add(time.Second), now, now.Add(2 * time.Second), now.Add(time.Second)} {
		if _, err := l.admit(header.Info{BaseID: header.NewID()}, keys.Primary(), at); err != nil {
			t.Errorf("arrival %d: %v", i, err)
		}
	}
}
