package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
	"github.com/sonde-go/sonde/record"
)

// store writes a trace as the queue does, and returns its base id.
func store(t *testing.T, d *drivers.Store) string {
	t.Helper()
	events := drivertest.Trace(4, 0)
	deadline := time.Now().Add(time.Minute)
	for d.Notify(t.Context(), events) != nil {
		if time.Now().After(deadline) {
			t.Fatal(d.Notify(t.Context(), events))
		}
	}
	return events[0].Trace().String()
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// idsIn are the base ids in a file, read without the driver.
func idsIn(t *testing.T, path string) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, id := range query(t, path, "SELECT DISTINCT base_id FROM data") {
		ids[id] = true
	}
	return ids
}

// TestMoved takes the file from a driver that writes and reads: each record
// that is acknowledged afterwards is in the file that has the name.
func TestMoved(t *testing.T) {
	for name, take := range map[string]func(t *testing.T, path string){
		"Removed": func(t *testing.T, path string) { remove(t, path) },
		"AllRemoved": func(t *testing.T, path string) {
			remove(t, path+"-wal", path+"-shm", path)
		},
		"Renamed": func(t *testing.T, path string) { rename(t, path, path+".1") },
		"AllRenamed": func(t *testing.T, path string) {
			for _, end := range []string{"-wal", "-shm", ""} {
				rename(t, path+end, path+".1"+end)
			}
		},
		"Replaced": func(t *testing.T, path string) {
			d := openURL(t, "sqlite:///"+path+".new")
			store(t, d)
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			rename(t, path, path+".1")
			rename(t, path+".new", path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sonde.db")
			d := openURL(t, "sqlite:///"+path)
			defer d.Close()
			before := store(t, d)
			if n := len(listed(t, d)); n != 1 { // opens readers too
				t.Fatalf("%d traces, want 1", n)
			}
			take(t, path)

			var after []string
			for range 3 {
				after = append(after, store(t, d))
			}
			want := 3
			if name == "Replaced" {
				want++
			}
			if n := len(listed(t, d)); n != want {
				t.Errorf("the driver lists %d traces, want %d", n, want)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			ids := idsIn(t, path)
			for _, id := range after {
				if !ids[id] {
					t.Errorf("a trace that was acknowledged is not in the file: %v", ids)
				}
			}
			if _, err := os.Stat(path + ".1"); err == nil && !idsIn(t, path+".1")[before] {
				t.Error("the renamed file lacks what was stored before")
			}
			if got := query(t, path, "PRAGMA integrity_check"); got[0] != "ok" {
				t.Errorf("the file is damaged: %v", got)
			}
		})
	}
}

func listed(t *testing.T, d *drivers.Store) (traces []drivers.Trace) {
	t.Helper()
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		traces = append(traces, tr)
	}
	return traces
}

// TestRotatedInUse rotates the file again and again under writers and a
// reader: what was acknowledged is in one of the files.
func TestRotatedInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sonde.db")
	d := openURL(t, "sqlite:///"+path)
	defer d.Close()
	var stop atomic.Bool
	var stored atomic.Int64
	var wg sync.WaitGroup
	ids := make([][]string, 2)
	for w := range ids {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !stop.Load() {
				events := drivertest.Trace(4, 0)
				if d.Notify(t.Context(), events) == nil {
					ids[w] = append(ids[w], events[0].Trace().String())
					stored.Add(1)
				}
			}
		}()
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		for !stop.Load() {
			for range d.Records(t.Context(), "x") {
			}
		}
	}()
	const rotations = 10
	for i := range rotations {
		for want := stored.Load() + 10; stored.Load() < want; {
			time.Sleep(time.Millisecond)
		}
		rename(t, path, path+"."+strconv.Itoa(i))
	}
	stop.Store(true)
	wg.Wait()
	last := store(t, d)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	found := idsIn(t, path)
	if !found[last] {
		t.Error("the last trace is not in the last file")
	}
	for i := range rotations {
		for id := range idsIn(t, fmt.Sprintf("%s.%d", path, i)) {
			found[id] = true
		}
	}
	lost := 0
	for _, of := range ids {
		for _, id := range of {
			if !found[id] {
				lost++
			}
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d traces that were acknowledged are in no file", lost, stored.Load())
	}
}

// TestCommittedIntoNothing removes the file between the driver's look at it
// and its COMMIT.
func TestCommittedIntoNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sonde.db")
	own := dialect(path)
	insert, taken := own.Insert, false
	own.Insert = func(ctx context.Context, conn *sql.Conn, rows []sqlstore.Row) error {
		err := insert(ctx, conn, rows)
		if !taken {
			taken = true
			remove(t, path)
		}
		return err
	}
	opened, err := openFile(path, own)
	if err != nil {
		t.Fatal(err)
	}
	d := drivers.NewStore("sqlite:///"+path, opened)
	defer d.Close()
	events := drivertest.Trace(4, 0)
	if err := d.Notify(t.Context(), events); err == nil || errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), "removed or replaced") {
		t.Errorf("Notify: %v, want that nobody knows whether it is stored", err)
	}
	if id := store(t, d); !idsIn(t, path)[id] {
		t.Error("what is stored afterwards is not in the file")
	}
}

// TestModes checks that others cannot read a file that the driver makes, nor
// those beside it, and that a file's mode is left as it is.
func TestModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sonde.db")
	check := func(want os.FileMode) {
		t.Helper()
		d := openURL(t, "sqlite:///"+path)
		defer d.Close()
		store(t, d)
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(name)
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v, want %v", filepath.Base(name), info.Mode(), err, want)
			}
		}
	}
	check(0o600)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	check(0o640)
	remove(t, path)
	check(0o600)
}
