package drivertest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

var listAll = drivers.Query{}

func testList(t *testing.T, h Harness) {
	writer, reader := h.openTwo(t, 2)
	if traces := list(t, reader, listAll); len(traces) != 0 {
		t.Errorf("an empty store lists %d traces", len(traces))
	}
	middle, newest, oldest := Trace(6, 0), Trace(1, time.Minute), Trace(20, -time.Minute)
	// The stop arrives before the start, and another trace in between.
	h.write(t, writer, middle[5])
	h.write(t, writer, newest...)
	h.write(t, writer, middle[:5]...)
	h.write(t, writer, oldest...)
	want := []drivers.Trace{traceOf(newest), traceOf(middle), traceOf(oldest)}

	check := func(q drivers.Query, want ...drivers.Trace) {
		t.Helper()
		if got := list(t, reader, q); !slices.Equal(got, want) {
			t.Errorf("Traces(%+v) =\n%+v, want\n%+v", q, got, want)
		}
	}
	check(listAll, want...)
	check(drivers.Query{Limit: 2}, want[:2]...)
	check(drivers.Query{Limit: 10}, want...)
	start := func(events []record.Event) time.Time {
		return time.Unix(0, events[0].Time()).Truncate(time.Microsecond)
	}
	check(drivers.Query{Since: start(middle)}, want[:2]...)
	check(drivers.Query{Since: start(middle).Add(time.Microsecond)}, want[0])
	check(drivers.Query{Since: start(oldest), Limit: 1}, want[0])
	check(drivers.Query{Since: start(newest).Add(time.Hour)})
}

func traceOf(events []record.Event) drivers.Trace {
	e := &events[0]
	return drivers.Trace{ID: e.Trace().String(), Timestamp: timestamp(e), Project: e.Project(), Service: e.Service(), Name: e.Name()}
}

func testListMany(t *testing.T, h Harness) {
	d := h.open(t)
	traces, all := manyTraces(1500, time.Second)
	for batch := range slices.Chunk(all, 500) {
		h.write(t, d, batch...)
	}
	got := list(t, d, listAll)
	if len(got) != len(traces) {
		t.Fatalf("%d traces listed, want %d", len(got), len(traces))
	}
	for i, tr := range got {
		if want := traceOf(traces[len(traces)-1-i]); tr != want {
			t.Fatalf("trace %d is %+v, want %+v", i, tr, want)
		}
	}
}

// testPages pages through a list, forward and back, and checks that each trace
// appears once and in order, also those that began at the same time.
func testPages(t *testing.T, h Harness) {
	d := h.open(t)
	var want []drivers.Trace
	for _, offset := range []time.Duration{0, time.Second, 0, -time.Second, 0, time.Microsecond, time.Second, 0, -time.Minute} {
		events := Trace(2, offset)
		h.write(t, d, events...)
		want = append(want, traceOf(events))
	}
	slices.SortFunc(want, func(a, b drivers.Trace) int {
		return cmp.Or(cmp.Compare(b.Timestamp, a.Timestamp), cmp.Compare(b.ID, a.ID))
	})
	if got := list(t, d, listAll); !slices.Equal(got, want) {
		t.Fatalf("all traces are\n%+v, want\n%+v", got, want)
	}
	for _, size := range []int{1, 2, 4, 8, 20} {
		var forth []drivers.Trace
		q := drivers.Query{Limit: size, Service: want[0].Service}
		for page := list(t, d, q); len(page) > 0; page = list(t, d, q) {
			forth = append(forth, page...)
			if len(page) > size || len(forth) > len(want) {
				t.Fatalf("pages of %d: one of %d, %d traces", size, len(page), len(forth))
			}
			q.Before = page[len(page)-1].Cursor()
		}
		if !slices.Equal(forth, want) {
			t.Errorf("pages of %d:\n%+v, want\n%+v", size, forth, want)
		}
		var back []drivers.Trace
		q = drivers.Query{Limit: size, After: want[len(want)-1].Cursor()}
		for page := list(t, d, q); len(page) > 0 && len(back) < len(want); page = list(t, d, q) {
			back = append(slices.Clone(page), back...)
			q.After = page[0].Cursor()
		}
		if !slices.Equal(back, want[:len(want)-1]) {
			t.Errorf("pages of %d, back:\n%+v, want\n%+v", size, back, want[:len(want)-1])
		}
	}
	between := drivers.Query{Before: want[1].Cursor(), After: want[6].Cursor()}
	if got := list(t, d, between); !slices.Equal(got, want[2:6]) {
		t.Errorf("between two traces:\n%+v, want\n%+v", got, want[2:6])
	}
	if err := last(d.Traces(t.Context(), drivers.Query{Before: "no place"})); err == nil {
		t.Error("a list goes on from a place that is none")
	}
}

func testListService(t *testing.T, h Harness) {
	d := h.open(t)
	both, one := Trace(8, time.Minute), Trace(8, 0)
	for i := 3; i < 5; i++ {
		both[i].Change(func(f *record.Fields) { f.Service = "payments" })
	}
	h.write(t, d, both...)
	h.write(t, d, one...)
	for service, want := range map[string][]drivers.Trace{
		"checkout": {traceOf(both), traceOf(one)},
		"payments": {traceOf(both)},
		"pay%":     nil,
		"Payments": nil,
	} {
		if got := list(t, d, drivers.Query{Service: service}); !slices.Equal(got, want) {
			t.Errorf("service %q:\n%+v, want\n%+v", service, got, want)
		}
	}
}

func testListErrors(t *testing.T, h Harness) {
	d := h.open(t)
	failed, fine := Trace(8, 0), Trace(8, time.Minute)
	failed[4].Change(func(f *record.Fields) { f.Info = errorInfo() })
	// Text about errors is not an error, nor is etype in another place.
	fine[2].Change(func(f *record.Fields) { f.Info = Info(`"etype": "x", {"etype":"y"}`) })
	fine[3].Change(func(f *record.Fields) {
		f.Phase, f.Info = record.Stop, []byte(`{"args":{"etype":"z"},"etype":null,"host":"host-a"}`)
	})
	fine[4].Change(func(f *record.Fields) { f.Info = Info(`etype`) })
	h.write(t, d, failed...)
	h.write(t, d, fine...)

	mark := traceOf(failed)
	mark.Failed = true
	if got := list(t, d, drivers.Query{ErrorsOnly: true}); !slices.Equal(got, []drivers.Trace{mark}) {
		t.Errorf("failed traces: %+v, want %+v", got, mark)
	}
	if got := list(t, d, listAll); !slices.Equal(got, []drivers.Trace{traceOf(fine), mark}) {
		t.Errorf("all traces: %+v, want %+v and %+v", got, traceOf(fine), mark)
	}
}

func testDelete(t *testing.T, h Harness) {
	d := h.open(t)
	gone, stays := Trace(10, 0), Trace(10, time.Minute)
	gone[5].Change(func(f *record.Fields) { f.Info = errorInfo() })
	h.write(t, d, gone...)
	h.write(t, d, stays...)
	for _, id := range append([]string{header.NewID().String(), gone[0].Trace().String()}, hostile...) {
		if err := d.Delete(t.Context(), id); err != nil {
			t.Errorf("Delete(%q): %v", id, err)
		}
	}
	h.settle(t)
	if records := read(t, d, gone[0].Trace().String()); len(records) != 0 {
		t.Errorf("%d records of a deleted trace are left", len(records))
	}
	checkAll(t, read(t, d, stays[0].Trace().String()), stays)
	if !h.can(drivers.List) {
		return
	}
	if got := list(t, d, listAll); !slices.Equal(got, []drivers.Trace{traceOf(stays)}) {
		t.Errorf("left in the list: %+v", got)
	}
}

func testPrune(t *testing.T, h Harness) {
	d := h.open(t)
	old, across, young := Trace(10, -time.Hour), Trace(10, -time.Minute), Trace(10, time.Minute)
	across[9].Change(func(f *record.Fields) { f.Time = young[0].Time() })
	old2 := Trace(4, -2*time.Hour)
	for _, events := range [][]record.Event{old, across, young, old2} {
		h.write(t, d, events...)
	}
	if n, err := d.Prune(t.Context(), began); err != nil || n != 2 {
		t.Errorf("Prune = %d, %v, want 2 traces", n, err)
	}
	if n, err := d.Prune(t.Context(), began); err != nil || n != 0 {
		t.Errorf("second Prune = %d, %v, want 0", n, err)
	}
	h.settle(t)
	for _, events := range [][]record.Event{old, old2} {
		if records := read(t, d, events[0].Trace().String()); len(records) != 0 {
			t.Errorf("%d records of an old trace are left", len(records))
		}
	}
	checkAll(t, read(t, d, across[0].Trace().String()), across)
	checkAll(t, read(t, d, young[0].Trace().String()), young)
}
