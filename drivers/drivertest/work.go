package drivertest

import (
	"testing"

	"github.com/sonde-go/sonde/drivers"
)

// testListWork checks that a list of the newest traces is the same work with four
// times as many traces.
func testListWork(t *testing.T, h Harness) {
	const few, many = 1500, 4 * 1500
	work := func(n int) int64 {
		d := h.New(t)()
		fill(t, d, n)
		h.settle(t)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		return h.ListWork(t, func(d *drivers.Store) {
			if listed := len(list(t, d, drivers.Query{Limit: 10})); listed != 10 {
				t.Errorf("%d traces are listed of %d, want 10", listed, n)
			}
		})
	}
	first, second := work(few), work(many)
	if first == 0 || second > first+first/2 {
		t.Errorf("a list of 10 traces is %d of work with %d traces in the store, and %d with %d", first, few, second, many)
	}
}
