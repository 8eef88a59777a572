package dirstore_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "example.com/dirstore"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
)

// The suite that every driver runs.
func TestConformance(t *testing.T) {
	var folder string
	drivertest.Run(t, drivertest.Harness{
		Driver: "dirstore",
		Lacks:  []drivers.Op{drivers.Prune, drivers.Ping},
		New: func(t *testing.T) func() *drivers.Store {
			folder = t.TempDir()
			return func() *drivers.Store { return open(t, folder) }
		},
		Corrupt: func(t *testing.T, trace, raw string) {
			f, err := os.OpenFile(filepath.Join(folder, trace+".jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteString(raw + "\n"); err != nil {
				t.Fatal(err)
			}
		},
	})
}

// What happens to stores: of all that can, a folder can only be full.
func TestFaults(t *testing.T) {
	faults.Run(t, faults.Harness{
		Lacks: faults.Only("a folder has no server", faults.NoRoom),
		New: func(t *testing.T) *faults.Server {
			folder, fill := faults.Disk(t, 1<<20)
			return &faults.Server{URL: func(string) string { return "dir://" + folder }, Fill: fill}
		},
	})
}

func open(t *testing.T, folder string) *drivers.Store {
	s, err := drivers.Open(t.Context(), "dir://"+folder, drivers.Options{FilterErrorTrace: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCommand: the five lines in sonde/ are a sonde that knows the store.
func TestCommand(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	events := drivertest.Trace(4, 0)
	if err := s.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", "./sonde", "trace", "show", "--connection-string", "dir://"+folder, events[0].Trace().String())
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "trace "+events[0].Trace().String()) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := exec.Command("go", "run", "./sonde", "drivers", "dir").Output(); err != nil || !strings.Contains(string(out), "wait until a batch is on the disk") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestOptions: what the driver has not asked for is refused before it sees it.
func TestOptions(t *testing.T) {
	for options, want := range map[string]string{"?sync=maybe": "sync is neither true nor false", "?sink=true": "there are: sync"} {
		if _, err := drivers.Open(t.Context(), "dir://"+t.TempDir()+options, drivers.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", options, err)
		}
	}
}
