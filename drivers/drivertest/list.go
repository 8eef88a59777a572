package drivertest

import (
	"errors"
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
	return drivers.Trace{BaseID: e.Trace().String(), Timestamp: timestamp(e), Project: e.Project(), Service: e.Service(), Name: e.Name()}
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

	if h.NoErrors {
		wantError(t, "Traces with ErrorsOnly", last(d.Traces(t.Context(), drivers.Query{ErrorsOnly: true})), errors.ErrUnsupported)
		return
	}
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
	deleter := d.(drivers.Deleter)
	gone, stays := Trace(10, 0), Trace(10, time.Minute)
	gone[5].Change(func(f *record.Fields) { f.Info = errorInfo() })
	h.write(t, d, gone...)
	h.write(t, d, stays...)
	for _, id := range append([]string{header.NewID().String(), gone[0].Trace().String()}, hostile...) {
		if err := deleter.Delete(t.Context(), id); err != nil {
			t.Errorf("Delete(%q): %v", id, err)
		}
	}
	h.settle(t)
	if records := read(t, d, gone[0].Trace().String()); len(records) != 0 {
		t.Errorf("%d records of a deleted trace are left", len(records))
	}
	checkAll(t, read(t, d, stays[0].Trace().String()), stays)
	if h.NoList {
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
	pruner := d.(drivers.Pruner)
	if n, err := pruner.Prune(t.Context(), began); err != nil || n != 2 {
		t.Errorf("Prune = %d, %v, want 2 traces", n, err)
	}
	if n, err := pruner.Prune(t.Context(), began); err != nil || n != 0 {
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
