package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/record"
)

// moves are what somebody may do to a file that two processes have open.
var moves = map[string]func(t *testing.T, path string) error{
	"removed": func(_ *testing.T, path string) error { return os.Remove(path) },
	"renamed": func(_ *testing.T, path string) error { return os.Rename(path, path+".1") },
	"replaced": func(t *testing.T, path string) error {
		appendText(t, path+".new", "")
		return os.Rename(path+".new", path)
	},
	"truncated":         func(_ *testing.T, path string) error { return os.Truncate(path, 0) },
	"cut within a line": func(_ *testing.T, path string) error { return os.Truncate(path, 50) },
	"folder renamed": func(_ *testing.T, path string) error {
		if err := os.Rename(filepath.Dir(path), filepath.Dir(path)+".1"); err != nil {
			return err
		}
		return os.Mkdir(filepath.Dir(path), 0o700)
	},
}

// TestMoved: what is acknowledged afterwards is in the file of that name.
func TestMoved(t *testing.T) {
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "logs", "a.jsonl")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			here, there := openURL(t, "file://"+path), startWriter(t, path)
			defer here.Close()
			write := func(batches int) (bases []string) {
				for range batches {
					events := drivertest.Trace(4, 0)
					if err := here.Notify(t.Context(), events); err != nil {
						t.Fatal(err)
					}
					bases = append(bases, events[0].Trace().String(), there.write(t))
				}
				return bases
			}
			write(3)
			if err := move(t, path); err != nil {
				t.Fatal(err)
			}
			for _, base := range write(15) {
				if good, bad := collect(t, here, base); len(good) != 4 || len(bad) != 0 {
					t.Fatalf("acknowledged, and %d records and %d bad ones can be read", len(good), len(bad))
				}
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "\x00") {
				t.Error("there are holes in the file")
			}
		})
	}
}

// writer is a process that writes to the file of the test.
type writer struct {
	to   *os.File
	from *os.File
}

const writerEnv = "SONDE_FILE_WRITER"

// startWriter runs TestWriter in a process of its own until the test ends.
func startWriter(t *testing.T, path string) *writer {
	t.Helper()
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestWriter$")
	cmd.Env = append(os.Environ(), writerEnv+"="+path, "GORACE=atexit_sleep_ms=0")
	cmd.Stdin, cmd.Stderr = theirIn, os.Stderr
	cmd.ExtraFiles = []*os.File{theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close()
	t.Cleanup(func() {
		_ = ourOut.Close() // ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
		_ = ourIn.Close()
	})
	return &writer{to: ourOut, from: ourIn}
}

// write has the process write a trace of four records and returns its base id
// once they are acknowledged.
func (w *writer) write(t *testing.T) string {
	t.Helper()
	var base string
	if _, err := fmt.Fprintln(w.to, "write"); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscanln(w.from, &base); err != nil {
		t.Fatalf("the other process: %v", err)
	}
	return base
}

// TestWriter is the process that startWriter starts.
func TestWriter(t *testing.T) {
	path := os.Getenv(writerEnv)
	if path == "" {
		return
	}
	out := os.NewFile(3, "out")
	defer out.Close()
	d := openURL(t, "file://"+path)
	defer d.Close()
	for {
		var word string
		if _, err := fmt.Fscanln(os.Stdin, &word); err != nil {
			return
		}
		events := drivertest.Trace(4, 0)
		insist(t, d, events)
		fmt.Fprintln(out, events[0].Trace())
	}
}

// TestRotatedUnderLoad renames the file again and again while three drivers and
// another process write: each sees it, and every record is in one of the files.
func TestRotatedUnderLoad(t *testing.T) {
	const rotations = 20
	path := filepath.Join(t.TempDir(), "a.jsonl")
	var rotated atomic.Int64
	var mu sync.Mutex
	bases := map[string]bool{}
	var wg sync.WaitGroup
	load := func(write func() (base string)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for rotated.Load() < rotations && !t.Failed() {
				base := write()
				mu.Lock()
				bases[base] = true
				mu.Unlock()
			}
		}()
	}
	for range 3 {
		d := openURL(t, "file://"+path)
		defer d.Close()
		load(func() string {
			events := drivertest.Trace(4, 0)
			insist(t, d, events)
			return events[0].Trace().String()
		})
	}
	other := startWriter(t, path)
	load(func() string { return other.write(t) })
	for i := 0; i < rotations && !t.Failed(); i++ {
		for end := time.Now().Add(time.Minute); ; {
			err := os.Rename(path, fmt.Sprintf("%s.%d", path, i))
			if err == nil {
				break
			}
			if time.Now().After(end) {
				t.Errorf("after %d rotations the file is not made again: %v", i, err)
				break
			}
			time.Sleep(time.Millisecond)
		}
		rotated.Add(1)
	}
	wg.Wait()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]bool{} // the records of each trace
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := newLines(f)
		for {
			line, err := lines.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			r, err := record.Parse(bytes.Clone(line))
			if err != nil {
				t.Errorf("%s: %q: %v", file, line, err)
			}
			if found[r.Trace] == nil {
				found[r.Trace] = map[string]bool{}
			}
			found[r.Trace][r.Point+r.Name] = true
		}
	}
	for base := range bases {
		if len(found[base]) != 4 {
			t.Errorf("%d of 4 records of an acknowledged trace are in one of %d files", len(found[base]), len(files))
		}
	}
}

// insist writes a batch until it is acknowledged, as the queue does.
func insist(t *testing.T, d *drivers.Store, events []record.Event) {
	t.Helper()
	var err error
	for range 1000 {
		if err = d.Notify(context.Background(), events); !errors.Is(err, errMoved) {
			break
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// TestRemovedMeanwhile removes the file at some moment of a write. If that was
// before the batch was in it, the batch has to be in the next.
func TestRemovedMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	d := openURL(t, "file://"+path)
	defer d.Close()
	events := drivertest.Trace(500, 0)
	base := events[0].Trace().String()
	for round := range 200 {
		insist(t, d, drivertest.Trace(2, 0))
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		size := func() int64 {
			info, err := file.Stat()
			if err != nil {
				t.Error(err)
				return 0
			}
			return info.Size()
		}
		before := size()
		inTime := make(chan bool)
		go func() {
			time.Sleep(time.Duration(round%20) * 100 * time.Microsecond)
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
			inTime <- size() == before
		}()
		insist(t, d, events)
		if <-inTime {
			if good, _ := collect(t, d, base); len(good) != len(events) {
				t.Fatalf("acknowledged, and %d of %d records are in the file", len(good), len(events))
			}
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoWayBack: a file that cannot be made again is an error.
func TestNoWayBack(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "a.jsonl")
	d := openURL(t, "file://"+path)
	defer d.Close()
	events := drivertest.Trace(2, 0)
	insist(t, d, events)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := d.Notify(t.Context(), events); !errors.Is(err, record.ErrNotSent) {
		t.Errorf("without its folder: %v, want ErrNotSent", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	insist(t, d, events)
	if good, _ := collect(t, d, events[0].Trace().String()); len(good) != 2 {
		t.Errorf("%d records, want 2", len(good))
	}
}
