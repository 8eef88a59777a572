package sqltest

import (
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
	"github.com/sonde-go/sonde/record"
)

// PruneMany prunes more traces than Prune looks at in one go, and leaves one.
func PruneMany(t *testing.T, open func() *drivers.Store) {
	d := open()
	defer d.Close()
	const many = sqlstore.PrunePage + 7
	var all []record.Event
	for range many {
		all = append(all, drivertest.Trace(1, 0)...)
	}
	limit := time.Unix(0, all[0].Time()).Add(time.Minute)
	all = append(all, drivertest.Trace(1, 2*time.Minute)...)
	for batch := range slices.Chunk(all, 500) {
		if err := d.Notify(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := d.Prune(t.Context(), limit); n != many || err != nil {
		t.Errorf("Prune = %d, %v, want %d", n, err, many)
	}
	if left := Listed(t, d, drivers.Query{}); len(left) != 1 || left[0].ID != all[many].Trace().String() {
		t.Errorf("%d traces are left, want the young one", len(left))
	}
}
