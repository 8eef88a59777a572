package drivertest

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
)

// testDoubles checks that a record which was written more than once, in whatever way,
// is one record for whoever asks: in the trace's report, in lists, and for what removes
// traces.
func testDoubles(t *testing.T, h Harness) {
	other := Trace(6, time.Minute)
	for _, way := range []struct {
		name  string
		write func(*drivers.Store, []record.Event)
	}{
		{"in one batch", func(d *drivers.Store, events []record.Event) {
			h.write(t, d, slices.Concat(events, events)...)
		}},
		{"side by side in one batch", func(d *drivers.Store, events []record.Event) {
			var pairs []record.Event
			for i := range events {
				pairs = append(pairs, events[i], events[i])
			}
			h.write(t, d, pairs...)
		}},
		{"in two batches", func(d *drivers.Store, events []record.Event) {
			h.write(t, d, events...)
			h.write(t, d, other...)
			h.write(t, d, events...)
		}},
		{"in part", func(d *drivers.Store, events []record.Event) {
			h.write(t, d, events[:7]...)
			h.write(t, d, events[3:]...)
		}},
		{"by another writer", func(d *drivers.Store, events []record.Event) {
			h.write(t, d, events...)
			if h.Double == nil {
				h.write(t, d, events...)
				return
			}
			for i := range events {
				h.Double(t, &events[i])
			}
			h.settle(t)
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			d := h.open(t)
			events := Trace(12, 0)
			for i := range events {
				events[i].Change(func(f *record.Fields) {
					f.Number = record.Number{From: 0x9f3c5a0e12ab34cd, N: uint64(i) + 1}
				})
			}
			events[4].Change(func(f *record.Fields) { f.Info = errorInfo() })
			way.write(d, events)
			if way.name != "in two batches" {
				h.write(t, d, other...)
			}
			records := read(t, d, events[0].Trace().String())
			checkAll(t, records, events)
			if d.Terms().Repeated == "kept once" && (h.Double == nil || way.name != "by another writer") && len(records) != len(events) {
				t.Errorf("%d records are stored of %d, though the driver says that one that is repeated is kept once", len(records), len(events))
			}
			h.checkReport(t, records, events)
			if h.can(drivers.List) {
				h.checkListedOnce(t, d, events, other)
			}
			h.checkRemovedOnce(t, d, events, other)
		})
	}
}

// checkReport compares the report of records with that of the same records read once.
func (h *Harness) checkReport(t *testing.T, records []record.Record, events []record.Event) {
	t.Helper()
	once := make([]record.Record, 0, len(events))
	var seen []key
	for i := range records {
		if k := (key{records[i].Point, records[i].Name}); !slices.Contains(seen, k) {
			seen = append(seen, k)
			once = append(once, records[i])
		}
	}
	got, want := h.answers(t, records), h.answers(t, once)
	if !bytes.Equal(got, want) {
		t.Errorf("the report of a trace with records that were written twice is\n%s\nwant\n%s", got, want)
	}
}

// answers are a report as our document and as OSProfiler's, with its figures.
func (h *Harness) answers(t *testing.T, records []record.Record) []byte {
	t.Helper()
	r, err := report.Build(func(yield func(record.Record, error) bool) {
		for _, rec := range records {
			if !yield(rec, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := errors.Join(document.Write(&b, r, report.Options{}), r.WriteOSProfiler(&b)); err != nil {
		t.Fatal(err)
	}
	if missing := r.Missing(); r.Records != 12 || r.Len() != 6 || len(missing) != 0 {
		t.Errorf("%d records, %d points, missing %+v, want 12 records, 6 points and nothing missing", r.Records, r.Len(), missing)
	}
	return b.Bytes()
}

// checkListedOnce checks the lists of a store with a trace that has failed, and was
// written twice, and a newer one that was not.
func (h *Harness) checkListedOnce(t *testing.T, d *drivers.Store, events, other []record.Event) {
	t.Helper()
	first := traceOf(events)
	first.Failed = h.can(drivers.ListErrors)
	want := []drivers.Trace{traceOf(other), first}
	check := func(q drivers.Query, want ...drivers.Trace) {
		t.Helper()
		if got := list(t, d, q); !slices.Equal(got, want) {
			t.Errorf("Traces(%+v) =\n%+v, want\n%+v", q, got, want)
		}
	}
	check(listAll, want...)
	check(drivers.Query{Limit: 2}, want...)
	check(drivers.Query{Service: events[0].Service()}, want...)
	check(drivers.Query{Limit: 1, Before: want[0].Cursor()}, want[1])
	check(drivers.Query{Limit: 1, Before: want[1].Cursor()})
	if h.can(drivers.ListErrors) {
		check(drivers.Query{ErrorsOnly: true}, first)
		check(drivers.Query{ErrorsOnly: true, Limit: 2}, first)
	}
}

// checkRemovedOnce checks that nothing is left of a trace that is removed, and that
// pruning counts it once.
func (h *Harness) checkRemovedOnce(t *testing.T, d *drivers.Store, events, other []record.Event) {
	t.Helper()
	left := func(gone []record.Event, want ...drivers.Trace) {
		t.Helper()
		h.settle(t)
		if records := read(t, d, gone[0].Trace().String()); len(records) != 0 {
			t.Errorf("%d records of a trace that was removed are left", len(records))
		}
		if !h.can(drivers.List) {
			return
		}
		if got := list(t, d, listAll); !slices.Equal(got, want) {
			t.Errorf("left in the list: %+v, want %+v", got, want)
		}
		if h.can(drivers.ListErrors) {
			if got := list(t, d, drivers.Query{ErrorsOnly: true}); len(got) != 0 {
				t.Errorf("left in the list of failed traces: %+v", got)
			}
		}
	}
	if h.can(drivers.Delete) {
		if err := d.Delete(t.Context(), events[0].Trace().String()); err != nil {
			t.Error(err)
		}
		left(events, traceOf(other))
		events = Trace(12, 0)
		h.write(t, d, slices.Concat(events, events)...)
	}
	if h.can(drivers.Prune) {
		if n, err := d.Prune(t.Context(), began.Add(30*time.Second)); err != nil || n != 1 {
			t.Errorf("Prune = %d, %v, want 1 trace", n, err)
		}
		left(events, traceOf(other))
	}
}
