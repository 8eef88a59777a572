package file

import (
	"testing"

	"github.com/sonde-go/sonde/drivers/drivertest/faults"
)

func TestFaults(t *testing.T) {
	faults.Run(t, faults.Harness{
		Lacks: faults.Only("a file has no server", faults.NoRoom),
		New: func(t *testing.T) *faults.Server {
			dir, fill := faults.Disk(t, 1<<20)
			return &faults.Server{
				URL:  func(string) string { return "file://" + dir + "/sonde.jsonl" },
				Fill: fill,
			}
		},
	})
}
