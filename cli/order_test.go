package cli

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// TestSorter sorts more than it may hold, of one trace after the other, and
// keeps every record.
func TestSorter(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const hold = 100 * eventBytes
	s := sorter{hold: hold}
	for _, n := range []int{0, 1, 50, 99, 1234, 10, 1000} {
		var want []record.Event
		for i := range n {
			e := events(checkout, 1, `{"host":"h"}`)[i%2]
			e.Change(func(f *record.Fields) {
				f.Time += rand.Int64N(int64(n)) * 1000 // with repeats
				f.Point = header.NewID()
			})
			want = append(want, e)
			if err := s.add(e); err != nil {
				t.Fatal(err)
			}
			if len(s.held) > hold/eventBytes {
				t.Fatalf("%d events are held", len(s.held))
			}
		}
		slices.SortStableFunc(want, func(a, b record.Event) int { return s.compare(&a, &b) })
		var got []record.Event
		for e, err := range s.sorted() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		same := func(a, b record.Event) bool {
			return string(a.AppendJSON(nil)) == string(b.AppendJSON(nil))
		}
		if !slices.EqualFunc(got, want, same) {
			t.Errorf("%d events: %d came back, in order: %v", n, len(got), slices.IsSortedFunc(got, func(a, b record.Event) int { return s.compare(&a, &b) }))
		}
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("leaves %v, %v", left, err)
	}
}

// TestSorterWithoutRoom: nowhere to put what is too much is an error.
func TestSorterWithoutRoom(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	s := sorter{hold: 1}
	if err := s.add(events(checkout, 1, `{}`)[0]); err == nil {
		t.Error("no error")
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}
