package sqlite

import (
	"testing"

	"github.com/sonde-go/sonde/drivers/drivertest/faults"
)

// TestFaults fills the disk. SQLite notices at the COMMIT, when it writes to the
// WAL.
func TestFaults(t *testing.T) {
	faults.Run(t, faults.Harness{
		Lacks: faults.Only("a file has no server", faults.NoRoom),
		New: func(t *testing.T) *faults.Server {
			dir, fill := faults.Disk(t, 1<<20)
			return &faults.Server{
				URL:  func(string) string { return "sqlite:///" + dir + "/sonde.db" },
				Fill: fill,
			}
		},
	})
}
