//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMain: the fleet starts this program again for its parts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestFleet runs the whole fleet, kills a NATS node and a collector, and wants a trace
// through what is left to be whole.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("starts nine processes")
	}
	name := filepath.Join(t.TempDir(), "out") // a file, since several goroutines write
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFleet(out, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.stop(); err != nil {
			t.Error(err)
		}
		said, _ := os.ReadFile(name)
		for _, want := range []string{"gateway", "pricing", "stock", "×12"} {
			if !bytes.Contains(said, []byte(want)) {
				t.Errorf("the fleet does not say %q", want)
			}
		}
		if t.Failed() {
			t.Logf("%s", said)
		}
		if err := out.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := f.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*process{f.nodes[0], f.collectors[1]} {
		if err := syscall.Kill(p.pid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	base, err := f.order(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.trace(t.Context(), base); err != nil {
		t.Fatal(err)
	}
}
