package drivertest

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

func testFields(t *testing.T, h Harness) {
	writer, reader := h.openTwo(t, 2)
	events := Trace(2, 0)
	h.write(t, writer, events...)
	base := events[0].Trace().String()
	records := read(t, reader, base)
	if len(records) != 2 {
		t.Fatalf("%d records, want 2", len(records))
	}
	if h.NewestFirst {
		records[0], records[1] = records[1], records[0]
	}
	Check(t, records[0], &events[0])
	Check(t, records[1], &events[1])

	other, err := header.ParseID("A-trace_of-another_system")
	if err != nil {
		t.Fatal(err)
	}
	foreign := Trace(2, 0)
	for i := range foreign {
		foreign[i].Change(func(f *record.Fields) { f.Trace, f.Parent = other, other })
	}
	h.write(t, writer, foreign...)
	checkAll(t, read(t, reader, other.String()), foreign)
	checkAll(t, read(t, reader, base), events)
}

var hostile = []string{
	"", " ", "-", "a-b", "%", "_", "*", "?[a-z]", "{}", "null", "0", "\\", `\"`, `"`, "'", "''", "`", ";", "--",
	"'; DROP TABLE data; --", "$1", "?", ":name", "%s%n", "{{.}}", "${x}", "</script><script>alert(1)</script>",
	"a\nb\r\tc", "\x1b[31m", "\u007f", "é", "日本語", "🎉", "e\u0301", "\u202eabc", "\ufeff", "\ufffd", "\U0010ffff", "a.b$c",
}

func testHostile(t *testing.T, h Harness) {
	d := h.open(t)
	events := Trace(2*len(hostile), 0)
	for i, text := range hostile {
		for j := range 2 {
			events[2*i+j].Change(func(f *record.Fields) {
				f.Name, f.Project, f.Service, f.Info = "n"+text, text, text, Info(text)
			})
		}
	}
	h.write(t, d, events...)
	checkAll(t, read(t, d, events[0].Trace().String()), events)

	// What no store need take: it is stored in some way or rejected for good,
	// and takes nothing else with it.
	bad := Trace(4, 0)
	bad[1].Change(func(f *record.Fields) { f.Name = "nul\x00" })
	bad[2].Change(func(f *record.Fields) { f.Service = "not \xff UTF-8" })
	err := d.Notify(t.Context(), bad)
	if err != nil {
		var rejected *record.RejectedError
		if !errors.As(err, &rejected) {
			t.Fatalf("Notify of hostile bytes: %v, want none or a RejectedError", err)
		}
		rest := bad[:0:0]
		for i := range bad {
			if len(rejected.Indexes) > 0 && rejected.Indexes[0] == i {
				rejected.Indexes = rejected.Indexes[1:]
				if i == 0 || i == 3 {
					t.Errorf("event %d is good and was rejected: %v", i, err)
				}
				continue
			}
			rest = append(rest, bad[i])
		}
		if len(rejected.Indexes) > 0 {
			t.Errorf("rejected indexes %v are not ascending indexes of the batch", rejected.Indexes)
		}
		h.write(t, d, rest...)
	} else {
		h.settle(t)
	}
	got := distinct(read(t, d, bad[0].Trace().String()))
	for _, i := range []int{0, 3} {
		r, ok := got[key{bad[i].Point().String(), bad[i].RecordName()}]
		if !ok {
			t.Fatalf("event %d is missing", i)
		}
		Check(t, r, &bad[i])
	}
}

func testOrder(t *testing.T, h Harness) {
	d := h.open(t)
	events := Trace(40, 0)
	h.write(t, d, events[:1]...)
	h.write(t, d, events[1:30]...)
	h.write(t, d, events[30:]...)
	records := read(t, d, events[0].Trace().String())
	if len(records) != len(events) {
		t.Fatalf("%d records, want %d", len(records), len(events))
	}
	for i, r := range records {
		want := &events[i]
		if h.NewestFirst {
			want = &events[len(events)-1-i]
		}
		if r.Point != want.Point().String() || r.Name != want.RecordName() {
			t.Fatalf("record %d is %s at %s, want %s at %s", i, r.Name, r.Timestamp, want.RecordName(), timestamp(want))
		}
	}
}

// testNumbers: the number that a record was given on its way is stored with it.
func testNumbers(t *testing.T, h Harness) {
	d := h.open(t)
	events := Trace(6, 0)
	for i := range events[:5] {
		events[i].Change(func(f *record.Fields) {
			f.Number = record.Number{From: 0x9f3c5a0e12ab34cd, N: uint64(i)*199_999_999_999_999 + 1}
		})
	}
	h.write(t, d, events...)
	records := read(t, d, events[0].Trace().String())
	checkAll(t, records, events)
	for _, r := range records {
		e, err := r.Event()
		if err != nil {
			t.Fatal(err)
		}
		if e.Number() != r.Number || e.Numbered() != !r.Number.IsZero() {
			t.Errorf("a copy of record %+v has the number %+v", r.Number, e.Number())
		}
	}
}

// testRepeats writes a batch twice, as the queue does after a lost reply.
func testRepeats(t *testing.T, h Harness) {
	d := h.open(t)
	events := Trace(10, 0)
	h.write(t, d, events...)
	h.write(t, d, events...)
	checkAll(t, read(t, d, events[0].Trace().String()), events)
	if !h.can(drivers.List) {
		return
	}
	if traces := list(t, d, listAll); len(traces) != 1 {
		t.Errorf("a trace that was written twice is listed %d times", len(traces))
	}
}

func testUnknownIDs(t *testing.T, h Harness) {
	d := h.open(t)
	events := Trace(4, 0)
	h.write(t, d, events...)
	base := events[0].Trace().String()
	unknown := append([]string{header.NewID().String(), base[:35], base + "0", base + " ", "a\x00b", "\xff"}, hostile...)
	for _, id := range unknown {
		if records := read(t, d, id); len(records) != 0 {
			t.Errorf("Records(%q) yielded %d records", id, len(records))
		}
	}
}

func testBreakOff(t *testing.T, h Harness) {
	d := h.open(t)
	events := Trace(3000, 0)
	h.write(t, d, events...)
	loops := 4
	if os.Getenv("SONDE_TEST_ALL") == "1" {
		loops = 20
	}
	for range loops {
		for _, err := range d.Records(t.Context(), events[0].Trace().String()) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if !h.can(drivers.List) {
			continue
		}
		for range d.Traces(t.Context(), listAll) {
			break
		}
	}
	h.write(t, d, events[0])
}

func testCorrupt(t *testing.T, h Harness) {
	d := h.open(t)
	events := Trace(4, 0)
	base := events[0].Trace().String()
	h.write(t, d, events[:2]...)
	raw := `{"name": "db-start", "base_id": "` + base + `", "trace_id": `
	h.Corrupt(t, base, raw)
	h.write(t, d, events[2:]...)
	var good []record.Record
	bad := 0
	for r, err := range d.Records(t.Context(), base) {
		var be *record.BadRecordError
		switch {
		case errors.As(err, &be):
			bad++
			if len(be.Raw) == 0 {
				t.Error("BadRecordError without the record")
			}
		case err != nil:
			t.Fatal(err)
		default:
			good = append(good, r.Clone())
		}
	}
	if bad != 1 {
		t.Errorf("%d bad records, want 1", bad)
	}
	checkAll(t, good, events)
}

// testStreamed checks that a trace is not read into memory as a whole.
func testStreamed(t *testing.T, h Harness) {
	const records, infoSize, limit = 12000, 2000, 16 << 20
	d := h.open(t)
	events := Trace(records, 0)
	base := events[0].Trace().String()
	info := Info(strings.Repeat("x", infoSize))
	for i := range events {
		events[i].Change(func(f *record.Fields) { f.Info = info })
	}
	for batch := range slices.Chunk(events, 1000) {
		h.write(t, d, batch...)
	}
	events = nil
	began, n := heap(), 0
	for _, err := range d.Records(t.Context(), base) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%4000 != 1 {
			continue
		}
		if now := heap(); now > began+limit {
			t.Fatalf("after %d records of %d bytes, %d MiB are held", n, infoSize, (now-began)>>20)
		}
	}
	if n != records {
		t.Errorf("%d records, want %d", n, records)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
