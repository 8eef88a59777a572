package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// holdBytes is how much of a trace is held in memory while it is sorted; the
// rest of a larger one lies in a temporary file.
const holdBytes = 8 << 20

// eventBytes is about what a record takes in memory besides its info.
const eventBytes = 512

// sorter puts the records of one trace in the order of time, a start before a
// stop of the same microsecond. Its memory is bounded: what it has no room for
// goes to a file in sorted runs. It serves one trace after the other, or many at once,
// which it puts in an order of theirs.
type sorter struct {
	hold  int               // bytes
	order map[header.ID]int // of the traces; nil: there is one
	held  []record.Event
	bytes int
	file  *os.File // nil: none was needed yet
	runs  []part
}

// part is a run: a part of the file that is sorted.
type part struct{ from, to int64 }

func (s *sorter) add(e record.Event) error {
	s.held = append(s.held, e)
	s.bytes += eventBytes + len(e.Info())
	if s.bytes < s.hold {
		return nil
	}
	return s.spill()
}

func (s *sorter) compare(a, b *record.Event) int {
	return cmp.Or(cmp.Compare(s.order[a.Trace()], s.order[b.Trace()]), cmp.Compare(a.Time(), b.Time()), cmp.Compare(a.Phase(), b.Phase()))
}

func (s *sorter) sortHeld() {
	slices.SortStableFunc(s.held, func(a, b record.Event) int { return s.compare(&a, &b) })
}

// spill moves what is held to the file.
func (s *sorter) spill() error {
	if s.file == nil {
		file, err := os.CreateTemp("", "sonde-copy-*")
		if err != nil {
			return fmt.Errorf("the trace is too large to be sorted in memory: %w", err)
		}
		s.file = file
	}
	s.sortHeld()
	r := part{}
	if n := len(s.runs); n > 0 {
		r.from = s.runs[n-1].to
	}
	r.to = r.from
	var line []byte
	w := bufio.NewWriter(io.NewOffsetWriter(s.file, r.from))
	for i := range s.held {
		line = append(s.held[i].AppendJSON(line[:0]), '\n')
		r.to += int64(len(line))
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	s.runs = append(s.runs, r)
	s.forget()
	return nil
}

// forget empties the memory.
func (s *sorter) forget() {
	clear(s.held)
	s.held, s.bytes = s.held[:0], 0
}

// sorted yields all that was added, once, and makes room for the next trace.
func (s *sorter) sorted() iter.Seq2[record.Event, error] {
	return func(yield func(record.Event, error) bool) {
		defer func() {
			s.forget()
			s.runs = s.runs[:0]
		}()
		s.sortHeld()
		if len(s.runs) == 0 {
			for _, e := range s.held {
				if !yield(e, nil) {
					return
				}
			}
			return
		}
		m := merge{compare: s.compare}
		for i, r := range s.runs {
			section := io.NewSectionReader(s.file, r.from, r.to-r.from)
			m.open(&source{order: i, lines: bufio.NewReader(section)})
		}
		m.open(&source{order: len(s.runs), held: s.held})
		for m.Len() > 0 {
			first := m.sources[0]
			if first.err != nil {
				yield(record.Event{}, first.err)
				return
			}
			if !yield(first.event, nil) {
				return
			}
			if first.next() {
				heap.Fix(&m, 0)
			} else {
				heap.Pop(&m)
			}
		}
	}
}

// close removes the file.
func (s *sorter) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// source is a sorted run that is being read.
type source struct {
	order int // in which the runs were made, so that sorting is stable
	lines *bufio.Reader
	held  []record.Event // where lines is nil
	event record.Event
	err   error
}

// next goes to the next event or error, false at the end.
func (s *source) next() bool {
	if s.lines == nil {
		if len(s.held) == 0 {
			return false
		}
		s.event, s.held = s.held[0], s.held[1:]
		return true
	}
	line, err := s.lines.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return false
	}
	var r record.Record
	if err == nil {
		if r, err = record.Parse(bytes.TrimSuffix(line, []byte("\n"))); err == nil {
			s.event, err = r.Event()
		}
	}
	s.err = err
	return true
}

// merge is a heap of sources by the order of their events, errors first.
type merge struct {
	sources []*source
	compare func(a, b *record.Event) int
}

func (m *merge) open(s *source) {
	if s.next() {
		heap.Push(m, s)
	}
}

func (m *merge) Len() int { return len(m.sources) }

func (m *merge) Less(i, j int) bool {
	a, b := m.sources[i], m.sources[j]
	if a.err != nil || b.err != nil {
		return a.err != nil
	}
	return cmp.Or(m.compare(&a.event, &b.event), cmp.Compare(a.order, b.order)) < 0
}

func (m *merge) Swap(i, j int) { m.sources[i], m.sources[j] = m.sources[j], m.sources[i] }

func (m *merge) Push(x any) { m.sources = append(m.sources, x.(*source)) }

func (m *merge) Pop() any {
	last := m.sources[len(m.sources)-1]
	m.sources = m.sources[:len(m.sources)-1]
	return last
}
