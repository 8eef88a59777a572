package spool

import (
	"errors"
	"testing"

	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/internal/watchdog"
)

// TestDiskFull: nothing is lost that a spool took before its disk was full, it says so
// as long as it takes nothing, and goes on by itself.
func TestDiskFull(t *testing.T) {
	dir, fill := faults.Disk(t, 64<<20)
	s := open(t, Config{Dir: dir, MaxBytes: 32 << 20})
	var taken []Batch
	refused := func() bool {
		next := batches(len(taken), 1)
		err := s.Publish(t.Context(), next)[0].Err
		if err == nil {
			taken = append(taken, next...)
		}
		return err != nil
	}
	for range 2 {
		free := fill(t)
		watchdog.Until(t, "a refusal", refused)
		watchdog.Until(t, "a spool that says so", func() bool {
			_, err := s.State(t.Context())
			return errors.Is(err, ErrDisk)
		})
		if err := s.Publish(t.Context(), batches(len(taken), 1))[0].Err; !errors.Is(err, ErrDisk) {
			t.Errorf("a full disk is %v", err)
		}
		free()
		watchdog.Until(t, "a spool that takes batches", func() bool { return !refused() })
	}
	found := drain(t, s)
	same(t, found, taken)
}
