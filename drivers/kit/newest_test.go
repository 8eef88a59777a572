package kit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sonde-go/sonde/drivers/driver"
)

// timeline is a store of traces by the times of their records.
type timeline struct {
	traces  []driver.Trace // newest first
	entries []Candidate    // the latest bound first; of some traces several
	page    int
	read    int // traces
}

// newTimeline makes n traces, some at the same time, with records up to a while after
// their beginnings.
func newTimeline(n int) *timeline {
	r := rand.New(rand.NewPCG(1, 2))
	s := &timeline{page: 7}
	for i := range n {
		began := r.IntN(n)
		t := driver.Trace{ID: fmt.Sprintf("t%04d", i), Timestamp: fmt.Sprintf("%06d", began)}
		s.traces = append(s.traces, t)
		for range 1 + r.IntN(3) {
			s.entries = append(s.entries, Candidate{t.ID, fmt.Sprintf("%06d", began+r.IntN(1+r.IntN(20)))})
		}
	}
	s.entries = append(s.entries, Candidate{"gone", "000500"})
	slices.SortFunc(s.traces, newestFirst)
	slices.SortStableFunc(s.entries, func(a, b Candidate) int { return cmp.Compare(b.Bound, a.Bound) })
	return s
}

func (s *timeline) newest() Newest {
	from := 0
	s.read = 0
	return Newest{AtOnce: 16, Next: func(context.Context) (found []Candidate, rest string, err error) {
		to := min(from+s.page, len(s.entries))
		found = s.entries[from:to]
		if from = to; to < len(s.entries) {
			rest = s.entries[to-1].Bound
		}
		return found, rest, nil
	}, Read: func(_ context.Context, ids []string) (traces []driver.Trace, err error) {
		s.read += len(ids)
		for _, t := range s.traces {
			if slices.Contains(ids, t.ID) {
				traces = append(traces, t)
			}
		}
		return traces, nil
	}}
}

func TestNewest(t *testing.T) {
	s := newTimeline(1000)
	at := func(i int) driver.Cursor { return s.traces[i].Cursor() }
	for name, tt := range map[string]struct {
		q        driver.Query
		from, to int // of the traces
		most     int // that are read
	}{
		"all":     {driver.Query{}, 0, 1000, 1001},
		"ten":     {driver.Query{Limit: 10}, 0, 10, 60},
		"one":     {driver.Query{Limit: 1}, 0, 1, 50},
		"a page":  {driver.Query{Limit: 10, Before: at(9)}, 10, 20, 80},
		"between": {driver.Query{Before: at(9), After: at(20)}, 10, 20, 100},
		"none":    {driver.Query{After: at(0)}, 0, 0, 60},
	} {
		var got []driver.Trace
		for tr, err := range s.newest().Traces(t.Context(), tt.q) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, tr)
		}
		if want := s.traces[tt.from:tt.to]; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if s.read > tt.most {
			t.Errorf("%s: %d traces are read, want at most %d", name, s.read, tt.most)
		}
	}
}

// TestNewestFails: an error is the last thing yielded, wherever it comes from.
func TestNewestFails(t *testing.T) {
	broken := errors.New("broken")
	s := newTimeline(100)
	noNext, noRead := s.newest(), s.newest()
	noNext.Next = func(context.Context) ([]Candidate, string, error) { return nil, "", broken }
	noRead.Read = func(context.Context, []string) ([]driver.Trace, error) { return nil, broken }
	for name, n := range map[string]Newest{"next": noNext, "read": noRead} {
		items := 0
		var last error
		for _, err := range n.Traces(t.Context(), driver.Query{}) {
			items, last = items+1, err
		}
		if items != 1 || !errors.Is(last, broken) {
			t.Errorf("%s: %d items, the last with %v", name, items, last)
		}
	}
}
