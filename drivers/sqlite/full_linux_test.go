package sqlite

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/record"
)

// TestDiskFull writes to a disk until it is full, and again when it is not.
// SQLite notices at the COMMIT, when it writes to the WAL.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("only root can make a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "sonde.db")
	d := openURL(t, "sqlite:///"+path)
	defer d.Close()
	acknowledged := 0
	var err error
	for range 100 { // of 100 KiB
		if err = d.Notify(t.Context(), drivertest.Trace(200, 0)); err != nil {
			break
		}
		acknowledged++
	}
	if !errors.Is(err, record.ErrNotSent) {
		t.Errorf("%d batches stored, then %v, want an error that is ErrNotSent", acknowledged, err)
	}
	if n := len(listed(t, d)); n != acknowledged {
		t.Errorf("%d traces are stored, want %d", n, acknowledged)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	store(t, d)
	if n := len(listed(t, d)); n != acknowledged+1 {
		t.Errorf("%d traces are stored, want %d", n, acknowledged+1)
	}
}
