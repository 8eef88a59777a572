package sqlstore

import (
	"cmp"
	"container/heap"
	"context"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/record"
)

// storable reports whether text can be a column's value; what cannot is found in
// no row.
func storable(text string) bool {
	return utf8.ValidString(text) && !strings.Contains(text, "\x00")
}

// A window is so many rows at first, so that the newest traces cost little, and
// twice as many each time until it is so many.
const (
	firstWindow = 500
	lastWindow  = 64000
)

// linesPage is how many traces are asked about in one statement.
const linesPage = 500

// Traces implements [driver.Driver]. It walks down the index of timestamps,
// a window of rows at a time, and stops when it has what is asked for, so that
// the newest traces cost no look at the old ones. Of each trace that has a row
// in a window the first record is looked up once by the index of base ids, and
// the trace is listed with the window that this record stands in. So a listing
// reads each row a few times, in whatever order they were inserted.
//
// A trace has failed if a stop record of it has an etype; OSProfiler's SQL
// driver files no errors. A record without a timestamp is in no window.
func (s *Store) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		if !storable(q.Service) {
			return
		}
		l := &listing{s: s, q: q, span: q.Span(), size: firstWindow, known: map[string]bool{}}
		if _, until := l.span.Times(); !until.IsZero() {
			l.until = string(record.AppendTimestamp(nil, until.UnixNano()))
		}
		left := q.Limit
		for {
			due, more, err := l.window(ctx)
			atOnce := linesPage
			if left > 0 && !q.ErrorsOnly {
				atOnce = min(atOnce, left)
			}
			for page := range slices.Chunk(due, atOnce) {
				var traces []driver.Trace
				if traces, err = l.lines(ctx, page); err != nil {
					break
				}
				for _, t := range traces {
					if !yield(t, nil) {
						return
					}
					if left--; left == 0 {
						return
					}
				}
			}
			if err != nil {
				if !s.dialect.NotFound(err) {
					yield(driver.Trace{}, err)
				}
				return
			}
			if !more {
				return
			}
		}
	}
}

// listing is one walk.
type listing struct {
	s     *Store
	q     driver.Query
	span  driver.Span
	until string // the rows after it are done; "": none is
	ties  int    // and so many of those with this timestamp
	size  int    // rows of the next window

	// The traces met whose first record stands further down.
	open  traceHeap
	known map[string]bool
}

// metTrace is a trace of which a row was met.
type metTrace struct {
	baseID, first string // the timestamp of its first record
	fits          bool   // the wanted service took part
}

// window goes through the next rows and returns the traces that begin in them,
// newest first. Those that begin with the last row wait for the next window, since
// others may begin at the same time.
func (l *listing) window(ctx context.Context) (due []metTrace, more bool, err error) {
	ids, last, more, err := l.rows(ctx)
	if err != nil {
		return nil, false, err
	}
	for page := range slices.Chunk(ids, linesPage) {
		met, err := l.meet(ctx, page)
		if err != nil {
			return nil, false, err
		}
		for _, t := range met {
			l.known[t.baseID] = true
			heap.Push(&l.open, t)
		}
	}
	for len(l.open) > 0 && (!more || l.open[0].first > last) {
		t := heap.Pop(&l.open).(metTrace)
		delete(l.known, t.baseID)
		if t.fits && l.span.Has(t.first, t.baseID) {
			due = append(due, t)
		}
	}
	l.size = min(2*l.size, lastWindow)
	return due, more, nil
}

// newestFirst compares two traces by when they began, and by their ids.
func newestFirst(timestampA, idA, timestampB, idB string) int {
	return cmp.Or(cmp.Compare(timestampB, timestampA), cmp.Compare(idB, idA))
}

// traceHeap has the trace that began last on top.
type traceHeap []metTrace

func (h traceHeap) Len() int { return len(h) }
func (h traceHeap) Less(i, j int) bool {
	return newestFirst(h[i].first, h[i].baseID, h[j].first, h[j].baseID) < 0
}
func (h traceHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *traceHeap) Push(t any)   { *h = append(*h, t.(metTrace)) }
func (h *traceHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	*h = (*h)[:last]
	return t
}
