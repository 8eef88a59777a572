package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
)

// sameReport holds that a report does not depend on whether its records' layout is
// known.
func sameReport(t *testing.T, payloads []string) {
	t.Helper()
	known, any := build(t, ofPayloads(payloads)), build(t, inAnyLayout(payloads))
	if got, want := toJSON(t, known), toJSON(t, any); got != want {
		t.Errorf("of %q\ngot  %s\nwant %s", payloads, got, want)
	}
	for _, o := range []report.Options{{}, {Width: 60, MaxRows: 3}} {
		if got, want := toText(t, known, o), toText(t, any, o); got != want {
			t.Errorf("of %q\ngot  %s\nwant %s", payloads, got, want)
		}
	}
	if !slices.Equal(known.Warnings, any.Warnings) || known.Lost() != any.Lost() || known.Refused() != any.Refused() {
		t.Errorf("warnings %v, want %v", known.Warnings, any.Warnings)
	}
	for i := range known.Len() {
		p, q := known.At(i), any.At(i)
		if p.ID() != q.ID() || p.ParentID() != q.ParentID() || p.CompareID(known.At(0)) != q.CompareID(any.At(0)) ||
			p.CompareID(known.At(0)) != strings.Compare(p.ID(), known.At(0).ID()) {
			t.Errorf("point %d is %s below %s, want %s below %s", i, p.ID(), p.ParentID(), q.ID(), q.ParentID())
		}
	}
}

const (
	traceUUID = "b0000000-0000-4000-8000-000000000000"
	pointA    = "11111111-0000-4000-8000-00000000000a"
	pointB    = "11111111-0000-4000-8000-00000000000b"
)

// inLayout is a record in the layout of Sonde.
func inLayout(name, point, parent, at, info, tail string) string {
	return fmt.Sprintf(`{"name":"%s","base_id":"%s","trace_id":"%s","parent_id":"%s","timestamp":"%s","info":%s,%s}`,
		name, traceUUID, point, parent, at, info, tail)
}

// TestKnownLayout has what the same trace may hold in and out of known layouts:
// repeated records, several of a kind, other parents, other names, other sources.
func TestKnownLayout(t *testing.T) {
	const shop, cart, none = `"project":"shop","service":"cart"`, `"project":"shop","service":"price"`, `"project":null,"service":null`
	start := inLayout("db-start", pointA, traceUUID, at(0), `{"db":{"statement":"SELECT 1"},"host":"h"}`, shop)
	stop := inLayout("db-stop", pointA, traceUUID, at(50), `{"host":"h"}`, shop)
	python := strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace
	below := inLayout("http-start", pointB, pointA, at(10), `{"request":{"path":"/"},"host":"g"}`, cart)
	for _, trace := range [][]string{
		{start, stop}, {stop, start}, {stop, start, stop}, {start, stop, start}, {start, start, stop, stop}, {stop}, {start},
		{python(start), stop}, {start, python(stop), below}, {" " + start, start, stop}, {start, " " + start, stop},
		{start, inLayout("db-stop", pointA, pointB, at(50), `{"host":"h"}`, shop)},
		{start, inLayout("db-stop", pointA, traceUUID, at(50), `{"host":"x","etype":"E","host":"y"}`, cart), below},
		{start, inLayout("db-stop", pointA, traceUUID, at(50), `{"etype":"E","host":"y"}`, none), below},
		{start, inLayout("other-stop", pointA, traceUUID, at(50), `{"host":"h"}`, shop), stop, stop},
		{inLayout("a-b-start", pointA, traceUUID, at(0), `{"host":"h"}`, shop), inLayout("a-b-stop", pointA, traceUUID, at(9), `{"host":"h"}`, shop)},
		{inLayout("job", pointA, traceUUID, at(0), `{"host":"h"}`, shop), inLayout("nonstop", pointA, traceUUID, at(9), `{"host":"h"}`, shop), start},
		{start, strings.Replace(stop, traceUUID, pointB, 1), stop},
		{strings.Replace(start, `"cart"`, `7`, 1), start, stop}, {start, strings.Replace(start, `"cart"`, `7`, 1), stop},
		{start, inLayout("db-stop", pointA, traceUUID, at(5), `{"sonde":{"lost":3,"refused":2},"host":"h"}`, shop), below},
		{start, strings.Replace(stop, at(50), "2999-01-01T00:00:00.000000", 1)},
		{inLayout("x-start", pointA, pointA, at(0), `{"host":"h"}`, shop), below},
	} {
		sameReport(t, trace)
		reversed := slices.Clone(trace)
		slices.Reverse(reversed)
		sameReport(t, reversed)
	}
}

// FuzzKnownLayout changes one record of a trace.
func FuzzKnownLayout(f *testing.F) {
	const shop = `"project":"shop","service":"cart"`
	f.Add("db-start", pointA, traceUUID, "2026-01-02T03:04:05.000006", `{"host":"h"}`, shop, uint8(0))
	f.Add("db-stop", pointA, pointB, "2026-01-02T03:04:05.000009", `{"sonde":{"lost":1},"host":"h"}`, shop, uint8(1))
	f.Add("other-stop", pointB, "", "2026-01-02T03:04:04.000009", `{"host":7}`, `"service":null`, uint8(2))
	f.Fuzz(func(t *testing.T, name, point, parent, timestamp, info, tail string, place uint8) {
		trace := []string{
			inLayout("db-start", pointA, traceUUID, at(0), `{"db":{"statement":"SELECT 1"},"host":"h"}`, shop),
			inLayout("http-start", pointB, pointA, at(3), `{"request":{"path":"/"},"host":"h"}`, shop),
			inLayout("http-stop", pointB, pointA, at(5), `{"host":"h"}`, shop),
			inLayout("db-stop", pointA, traceUUID, at(8), `{"host":"h"}`, shop),
		}
		sameReport(t, slices.Insert(trace, int(place)%(len(trace)+1), inLayout(name, point, parent, timestamp, info, tail)))
	})
}

// TestBigTraceInAnyLayout compares a trace of many points, in both orders of stores.
func TestBigTraceInAnyLayout(t *testing.T) {
	var payloads []string
	for _, p := range bigTrace(3000) {
		payloads = append(payloads, string(p))
	}
	sameReport(t, payloads)
	slices.Reverse(payloads)
	sameReport(t, payloads)
}
