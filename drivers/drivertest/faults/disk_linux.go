package faults

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest"
)

// Disk returns a folder on a disk of its own of size bytes, and a function that
// fills it up except for two pages; see [Server.Fill]. It skips the test on systems
// other than Linux, and if the user cannot mount, which is a failure under
// SONDE_REQUIRE_SERVERS=1.
func Disk(t *testing.T, size int) (dir string, fill func(t *testing.T) (free func())) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+strconv.Itoa(size)); err != nil {
		servertest.Missing(t, "small disk ("+err.Error()+")", "run the tests as root, in a container with --cap-add SYS_ADMIN")
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir, func(t *testing.T) func() {
		t.Helper()
		ballast := filepath.Join(dir, "ballast")
		f, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		n, err := io.Copy(f, zeros{})
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		if err := f.Truncate(n - 2*int64(os.Getpagesize())); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := os.Remove(ballast); err != nil {
				t.Error(err)
			}
		}
	}
}

// zeros is a reader that never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
