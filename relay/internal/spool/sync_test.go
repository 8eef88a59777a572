package spool

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestSynced: the files that are synced are those that the server writes to, however
// many there have come to be.
func TestSynced(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	all := batches(0, 100)
	for i := range all {
		all[i].Text = []byte(strings.Repeat("x", 200<<10)) // 20 MB, more than one file
	}
	for i := 0; i < len(all); i += 10 {
		put(t, s, all[i:i+10])
		if last := lastBlock(t, s.blocks.dir); s.blocks.from != last {
			t.Fatalf("synced up to file %d of %d", s.blocks.from, last)
		}
	}
	if s.blocks.from < 2 {
		t.Error("there was one file only")
	}
	if err := s.Quarantine(t.Context(), []Bad{{ID: "a", Trace: "b", Reason: "c", Source: "d", Text: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	if last := lastBlock(t, s.aside.dir); last == 0 || s.aside.from != last {
		t.Errorf("of the quarantine, synced up to file %d of %d", s.aside.from, last)
	}
}

func lastBlock(t *testing.T, dir string) (last uint64) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.blk"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		n, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(name), ".blk"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		last = max(last, n)
	}
	return last
}

// TestSyncFails: nothing is acknowledged that could not be synced.
func TestSyncFails(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	s.blocks.dir += "-gone"
	for _, r := range s.Publish(t.Context(), batches(0, 3)) {
		if !errors.Is(r.Err, ErrDisk) || !errors.Is(r.Err, os.ErrNotExist) {
			t.Errorf("got %v", r.Err)
		}
	}
}
