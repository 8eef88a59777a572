// Package dirstore is a driver that keeps each trace in a file of its own, as
// lines of JSON: the example of a store that another module adds. Import it for
// its scheme:
//
//	dir:///var/lib/traces
//	dir:///var/lib/traces?sync=true
package dirstore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

func init() {
	drivers.Register(drivers.Scheme{
		Name: "dir", Doc: "a folder with a file for each trace", Example: "dir:///var/lib/traces",
		Import:  "example.com/dirstore",
		Options: []drivers.Option{{Name: "sync", Kind: drivers.Bool, Default: "false", Doc: "wait until a batch is on the disk"}},
		Open:    open,
	})
}

func open(_ context.Context, u *drivers.URL, _ drivers.Options) (driver.Driver, error) {
	if u.Place == "" {
		return nil, errors.New("want dir:// and the path of a folder")
	}
	return &store{folder: u.Place, sync: u.Bool("sync")}, os.MkdirAll(u.Place, 0o700)
}

// store writes one batch at a time, so that lines of two batches do not mix.
type store struct {
	folder string
	sync   bool
	mu     sync.Mutex
}

func (s *store) Close() error { return nil }

// Terms says what this driver promises.
func (s *store) Terms() driver.Terms {
	t := driver.Terms{Acknowledged: "in the system's cache", Repeated: "kept twice; readers ignore the second", Listed: "every record"}
	if s.sync {
		t.Acknowledged = "on the disk"
	}
	return t
}

func (s *store) file(trace string) string { return filepath.Join(s.folder, trace+".jsonl") }

// Notify appends the records of each trace to its file.
func (s *store) Notify(_ context.Context, events []record.Event) error {
	lines := map[string][]byte{}
	for i := range events {
		trace := events[i].Trace().String()
		lines[trace] = append(events[i].AppendJSON(lines[trace]), '\n')
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for trace, text := range lines {
		f, err := os.OpenFile(s.file(trace), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err // some traces may be stored: the batch is sent again
		}
		_, err = f.Write(text)
		if s.sync && err == nil {
			err = f.Sync()
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Records yields the lines of a trace's file.
func (s *store) Records(_ context.Context, trace string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		if _, err := header.ParseID(trace); err != nil {
			return // not an id, so not a file of ours either
		}
		f, err := os.Open(s.file(trace))
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(record.Record{}, err)
			return
		}
		defer f.Close()
		for r := bufio.NewReader(f); ; {
			line, err := r.ReadBytes('\n')
			if err != nil && err != io.EOF {
				yield(record.Record{}, fmt.Errorf("reading the trace: %w", err))
				return
			}
			if line = bytes.TrimSpace(line); len(line) > 0 && !yield(record.Parse(line)) || err == io.EOF {
				return
			}
		}
	}
}

// Traces makes the list from all records.
func (s *store) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		list := kit.NewTraceList(q)
		files, err := filepath.Glob(s.file("*"))
		for _, file := range files {
			trace := strings.TrimSuffix(filepath.Base(file), ".jsonl")
			for r, bad := range s.Records(ctx, trace) {
				if bad == nil {
					list.Add(&r)
				}
			}
		}
		for _, t := range list.Sorted() {
			if !yield(t, nil) {
				return
			}
		}
		if err != nil {
			yield(driver.Trace{}, err)
		}
	}
}

// Delete removes a trace's file.
func (s *store) Delete(_ context.Context, trace string) error {
	if _, err := header.ParseID(trace); err != nil {
		return nil
	}
	err := os.Remove(s.file(trace))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
