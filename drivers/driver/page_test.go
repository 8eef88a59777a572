package driver

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSpan(t *testing.T) {
	at := func(id string) Trace { return Trace{ID: id, Timestamp: "2026-01-02T03:04:05.000006"} }
	b := at("b")
	for name, tt := range map[string]struct {
		q          Query
		less, more bool // whether it has the trace a, and c
	}{
		"all":                {Query{}, true, true},
		"before":             {Query{Before: b.Cursor()}, true, false},
		"after":              {Query{After: b.Cursor()}, false, true},
		"neither":            {Query{Before: b.Cursor(), After: b.Cursor()}, false, false},
		"since then":         {Query{Since: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)}, true, true},
		"after, since then":  {Query{Since: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), After: b.Cursor()}, false, true},
		"after, since later": {Query{Since: time.Date(2026, 1, 2, 3, 4, 5, 7000, time.UTC), After: b.Cursor()}, false, false},
	} {
		s := tt.q.Span()
		if less, more := s.Has(b.Timestamp, "a"), s.Has(b.Timestamp, "c"); less != tt.less || more != tt.more {
			t.Errorf("%s: has a: %v, has c: %v", name, less, more)
		}
		if same := s.Has(b.Timestamp, "b"); same && (tt.q.Before != "" || tt.q.After != "") {
			t.Errorf("%s: has the trace of the place", name)
		}
	}
	q := Query{Before: b.Cursor(), After: b.Cursor()}
	s := q.Span()
	from, until := s.Times()
	if want := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC); !from.Equal(want) || !until.Equal(want.Add(time.Microsecond)) {
		t.Errorf("the times are %v and %v", from, until)
	}
}

// FuzzCursor: no text is a place that breaks a query, and what a trace gives is
// read as it is.
func FuzzCursor(f *testing.F) {
	f.Add("2026-01-02T03:04:05", "an id of others", "bm8gc3BhY2U")
	f.Add("", "", "%")
	f.Fuzz(func(t *testing.T, timestamp, id, text string) {
		q := Query{Before: Cursor(text), After: Cursor(text)}
		s := q.Span()
		s.Has(timestamp, id)
		s.Times()
		tr := Trace{ID: id, Timestamp: timestamp}
		if gotTimestamp, gotID, err := tr.Cursor().position(); err != nil || gotTimestamp+"\x00"+gotID != timestamp+"\x00"+id {
			t.Errorf("%q, %q: %q, %q, %v", timestamp, id, gotTimestamp, gotID, err)
		}
	})
}
