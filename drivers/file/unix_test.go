//go:build unix

package file

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

// TestMode: nobody but the owner can read what is traced, whatever the umask.
func TestMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(t.TempDir(), "a.jsonl")
	d := openURL(t, "file://"+path)
	defer d.Close()
	for _, which := range []string{"first", "next"} {
		insist(t, d, drivertest.Trace(2, 0))
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("the %s file has the mode %v", which, mode)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPartialWrite writes to a file that may grow by half a batch. The limit holds
// for every file of a process, the test's own log included, so it is set in one of
// its own.
func TestPartialWrite(t *testing.T) {
	const child = "SONDE_PARTIAL_WRITE"
	if os.Getenv(child) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPartialWrite$")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	limited := old
	path := filepath.Join(t.TempDir(), "a.jsonl")
	d := openURL(t, "file://"+path)
	defer d.Close()
	events := drivertest.Trace(4, 0)
	base := events[0].Trace().String()
	first := int64(len(events[0].AppendJSON(nil))) + 1
	limited.Cur = uint64(first + 100)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		t.Fatal(err)
	}
	partly := d.Notify(t.Context(), events)
	full := d.Notify(t.Context(), events)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if partly == nil || errors.Is(partly, record.ErrNotSent) {
		t.Errorf("half a batch was written: %v, want an error that is not ErrNotSent", partly)
	}
	if !errors.Is(full, record.ErrNotSent) {
		t.Errorf("nothing was written: %v, want ErrNotSent", full)
	}
	if good, bad := collect(t, d, base); len(good) != 1 || len(bad) != 0 {
		t.Errorf("of half a batch %d records can be read and %d cannot, want one whole", len(good), len(bad))
	}
	insist(t, d, events)
	if good, bad := collect(t, d, base); len(good) != 5 || len(bad) != 1 {
		t.Errorf("sent again: %d records and %d bad ones, want 5 and the torn one", len(good), len(bad))
	}
}

// TestHandles: a driver keeps one file open, and none after Close.
func TestHandles(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.jsonl")
	opened := func() (names []string) {
		t.Helper()
		const table = "/proc/self/fd"
		fds, err := os.ReadDir(table)
		if err != nil {
			servertest.Missing(t, table, "mount -t proc proc /proc, which only Linux has")
		}
		for _, fd := range fds {
			if name, err := os.Readlink(filepath.Join(table, fd.Name())); err == nil && strings.HasPrefix(name, folder) {
				names = append(names, name)
			}
		}
		return names
	}
	d := openURL(t, "file://"+path)
	defer d.Close()
	events := drivertest.Trace(4, 0)
	for range 3 {
		insist(t, d, events)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		insist(t, d, events)
		collect(t, d, events[0].Trace().String())
		for range d.Records(t.Context(), events[0].Trace().String()) {
			break
		}
		for range d.Traces(t.Context(), drivers.Query{}) {
			break
		}
		if names := opened(); len(names) != 1 {
			t.Errorf("open: %q, want one", names)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if names := opened(); len(names) != 0 {
		t.Errorf("open after Close: %q", names)
	}
}
