package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

const ms = time.Millisecond

const plain = `{"host": "h"}`

func names(points func(func(*report.Point) bool)) (names []string) {
	for p := range points {
		names = append(names, p.Name)
	}
	return names
}

func find(t *testing.T, r *report.Report, name string) *report.Point {
	t.Helper()
	for i := range r.Len() {
		if r.At(i).Name == name {
			return r.At(i)
		}
	}
	t.Fatalf("no point %q", name)
	return nil
}

func TestTree(t *testing.T) {
	r := build(t, ofPayloads([]string{ // newest first, as Redis gives them
		stored("a-stop", "1", "base", at(50000), plain),
		stored("c-stop", "3", "1", at(40000), plain),
		stored("c-start", "3", "1", at(20500), plain),
		stored("d-stop", "4", "1", at(21000), plain),
		stored("d-start", "4", "1", at(20100), plain),
		stored("b-stop", "2", "1", at(20000), plain),
		stored("b-start", "2", "1", at(10000), plain),
		stored("e-start", "5", "3", at(22000), plain),
		stored("a-start", "1", "base", at(0), plain),
		stored("z-start", "6", "elsewhere", at(60000), plain),
	}))
	if got := names(r.Roots()); !slices.Equal(got, []string{"a", "z"}) {
		t.Errorf("roots %v", got)
	}
	if got := names(r.Walk()); !slices.Equal(got, []string{"a", "b", "d", "c", "e", "z"}) {
		t.Errorf("walk %v", got)
	}
	a, c, e := find(t, r, "a"), find(t, r, "c"), find(t, r, "e")
	if got := names(r.Children(a)); !slices.Equal(got, []string{"b", "d", "c"}) {
		t.Errorf("children %v", got)
	}
	if r.Parent(e) != c || r.Parent(a) != nil || a.Depth != 0 || e.Depth != 2 {
		t.Errorf("parents of %+v and %+v", a, e)
	}
	if a.Start() != 0 || a.Stop() != 50*ms || a.Duration() != 50*ms {
		t.Errorf("a is %v to %v", a.Start(), a.Stop())
	}
	// b 10–20, d 20.1–21 and c 20.5–40 cover 29.9 ms.
	if a.Self() != 50*ms-29900*time.Microsecond {
		t.Errorf("a itself %v", a.Self())
	}
	if e.HasStop || !e.HasStart || e.Duration() != 0 || r.Unfinished() != 2 {
		t.Errorf("e is %+v", e)
	}
	if r.Trace != "base" || r.Records != 10 || r.Duration() != 60*ms || !r.Began().Equal(time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", r)
	}
	if got := names(r.Unreachable()); got != nil {
		t.Errorf("unreachable %v", got)
	}
	for p := range r.Walk() { // a loop may stop early
		if p == a {
			break
		}
	}
}

func TestSelfTime(t *testing.T) {
	tests := map[string]struct {
		children [][2]int
		want     time.Duration
	}{
		"no child":               {nil, 100 * ms},
		"one":                    {[][2]int{{110, 130}}, 80 * ms},
		"at the same time":       {[][2]int{{110, 130}, {110, 130}, {120, 140}}, 70 * ms},
		"inside another":         {[][2]int{{110, 180}, {120, 130}}, 30 * ms},
		"begins before":          {[][2]int{{50, 130}}, 70 * ms},
		"outlives the parent":    {[][2]int{{190, 900}}, 90 * ms},
		"after it":               {[][2]int{{300, 400}}, 100 * ms},
		"before it":              {[][2]int{{10, 90}}, 100 * ms},
		"stops before its start": {[][2]int{{150, 120}}, 100 * ms},
		"covers all":             {[][2]int{{0, 900}}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			payloads := []string{stored("p-start", "p", "base", at(100000), plain), stored("p-stop", "p", "base", at(200000), plain)}
			for i, c := range tt.children {
				id := fmt.Sprint(i)
				payloads = append(payloads, stored("c-start", id, "p", at(c[0]*1000), plain), stored("c-stop", id, "p", at(c[1]*1000), plain))
			}
			r := build(t, ofPayloads(payloads))
			if got := find(t, r, "p").Self(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestStats(t *testing.T) {
	r := build(t, ofPayloads([]string{
		stored("a-start", "1", "base", at(0), plain), stored("a-stop", "1", "base", at(9000), plain),
		stored("b-start", "2", "1", at(1000), plain), stored("b-x-stop", "2", "1", at(2500), plain),
		stored("b-start", "3", "1", at(3000), plain), stored("b-stop", "3", "1", at(7000), plain),
		stored("b-start", "4", "1", at(8000), plain), stored("b-stop", "4", "1", at(7900), plain),
	}))
	const us = time.Microsecond
	for i, want := range []report.Stat{
		{Name: "a", Count: 1, Total: 9 * ms, Self: 3500 * us, Max: 9 * ms},
		{Name: "b", Count: 3, Total: 5400 * us, Self: 5500 * us, Max: 4 * ms},
	} {
		got := r.Stats[i]
		if got.Name != want.Name || got.Count != want.Count || got.Total != want.Total || got.Self != want.Self || got.Max != want.Max {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestCycles(t *testing.T) {
	r := build(t, ofPayloads([]string{
		stored("own-start", "1", "1", at(0), plain),
		stored("belowOwn-start", "2", "1", at(1), plain),
		stored("x-start", "3", "4", at(2), plain),
		stored("y-start", "4", "3", at(3), plain),
		stored("good-start", "5", "base", at(4), plain),
		stored("own-stop", "1", "1", at(900000), plain),
	}))
	if got := names(r.Walk()); !slices.Equal(got, []string{"good"}) {
		t.Errorf("walk %v", got)
	}
	if got := names(r.Unreachable()); !slices.Equal(got, []string{"own", "belowOwn", "x", "y"}) {
		t.Errorf("unreachable %v", got)
	}
	if len(r.Stats) != 5 || find(t, r, "x").Depth != -1 || find(t, r, "own").Self() != 900*ms {
		t.Errorf("%+v", r)
	}
	if text := toJSON(t, r); strings.Contains(text, "own-start") || !strings.Contains(text, `"own": {`) {
		t.Error("the JSON form has the cycle in its tree, or not in its stats")
	}
}

func TestRepeatedRecords(t *testing.T) {
	lost := `{"sonde": {"lost": 3}, "host": "h"}`
	payloads := []string{
		stored("a-start", "1", "base", at(0), plain),
		stored("a-stop", "1", "base", at(5000), lost),
		stored("a-stop", "1", "base", at(5000), lost),
		stored("b-start", "2", "1", at(1), `{"sonde": {"lost": 4}, "sonde": {"lost": 40}, "host": "h"}`),
		stored("c-start", "3", "1", at(1), `{"sonde": {"lost": -4}}`),
		stored("c-stop", "3", "1", at(1), `{"sonde": {"lost": "many"}}`),
		stored("d-start", "4", "1", at(1), `{"sonde": {"service_lost": {"n": 100, "from": "x", "to": "y"}, "lost": 1000}}`),
		stored("d-stop", "4", "1", at(1), `{"sonde": {"service_lost": {"n": -1}}}`),
	}
	r := build(t, ofPayloads(payloads))
	if lost := r.Lost(); lost != 1143 {
		t.Errorf("lost %d", lost)
	}
	n := 0
	for name, payload := range r.StoredRecords(r.At(0)) {
		if string(payload) != payloads[n] || !strings.Contains(payloads[n], `"`+name+`"`) {
			t.Errorf("%s: %s", name, payload)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d records", n)
	}
}

// TestManyRecordsOfOnePoint also holds that this takes no quadratic time: with
// it, the test would not end.
func TestManyRecordsOfOnePoint(t *testing.T) {
	const n = 50000
	records := func(yield func(record.Record, error) bool) {
		for i := range 2 * n {
			if !yield(record.Record{Name: fmt.Sprintf("n%d-start", i%n), Point: "1", Timestamp: at(i)}, nil) {
				return
			}
		}
	}
	r := build(t, records)
	count := 0
	for range r.StoredRecords(r.At(0)) {
		count++
	}
	if r.Len() != 1 || r.At(0).Name != "n0" || count != n || r.At(0).Start() != (n*2-1)*time.Microsecond-r.Began().Sub(time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)) {
		t.Errorf("%d points, %d records, %v", r.Len(), count, r.At(0).Start())
	}
}

func TestFailure(t *testing.T) {
	tests := map[string]struct {
		info, etype, message string
		failed               bool
	}{
		"none":        {plain, "", "", false},
		"null":        {`{"etype": null, "message": "m"}`, "", "", false},
		"usual":       {`{"etype": "ValueError", "message": "caf\u00e9"}`, "ValueError", "café", true},
		"no message":  {`{"etype": "ValueError", "message": null}`, "ValueError", "", true},
		"other JSON":  {`{"etype": ["x"], "message": {"a": 1}}`, `["x"]`, `{"a": 1}`, true},
		"not in stop": {plain, "", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := build(t, ofPayloads([]string{
				stored("a-start", "1", "base", at(0), `{"etype": "E"}`), stored("a-stop", "1", "base", at(1), tt.info)}))
			etype, message, failed := r.Failure(r.At(0))
			if etype != tt.etype || message != tt.message || failed != tt.failed {
				t.Errorf("got %q, %q, %v", etype, message, failed)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	r := build(t, ofPayloads([]string{
		`not JSON`,
		`{"name": "a-start"}`,
		stored("a-start", "1", "base", "yesterday", plain),
		stored("b-start", "2", "base", "2026-01-02T03:04:05Z", plain),
		strings.Replace(stored("c-start", "3", "base", at(0), plain), `"info"`, `"inf"`, 1),
		stored("d-start", "4", "base", at(0), `{}`),
	}))
	want := []report.Warning{
		{Problem: "cannot be read, left out", Count: 2, Example: `bad record "not JSON": not a JSON object`},
		{Problem: "no readable timestamp, left out", Count: 1, Example: "yesterday"},
		{Problem: "timestamp is not in the form 2006-01-02T15:04:05.000000", Count: 1, Example: "2026-01-02T03:04:05Z"},
		{Problem: "no info", Count: 1, Example: "c-start"},
		{Problem: "no host", Count: 1, Example: "d-start"},
	}
	if !slices.Equal(r.Warnings, want) {
		t.Errorf("got %+v", r.Warnings)
	}
	if r.Records != 6 || r.Len() != 3 {
		t.Errorf("%d records, %d points", r.Records, r.Len())
	}
}

// TestDeepTrace checks that nothing here is recursive in the tree's depth.
func TestDeepTrace(t *testing.T) {
	const n = 110000
	r := build(t, ofPayloads(deepTrace(n)))
	if deepest := r.At(n - 1); deepest.Depth != n-1 || len(names(r.Walk())) != n {
		t.Errorf("depth %d", deepest.Depth)
	}
	if size := len(toJSON(t, r)); size > n*2000 {
		t.Errorf("%d bytes of JSON", size)
	}
}

func TestPayloadThatIsNoJSON(t *testing.T) {
	r := build(t, func(yield func(record.Record, error) bool) {
		yield(record.Record{Name: "a-start", Point: "1", Timestamp: at(0), Payload: []byte("{broken\x01")}, nil)
	})
	if text := toJSON(t, r); !strings.Contains(text, `"meta.raw_payload.a-start": "{broken\u0001",`) {
		t.Error(text)
	}
}

// TestRefused: the report says how many requests its trace knows to have been
// refused.
func TestRefused(t *testing.T) {
	r := build(t, ofPayloads([]string{
		stored("http-start", "1", "base", at(0), plain),
		stored("http-stop", "1", "base", at(5000), `{"sonde": {"lost": 3, "refused": 1000}, "host": "h"}`),
		stored("sonde_refused-start", "2", "base", at(1), `{"sonde": {"refused": 24}}`),
	}))
	if r.Refused() != 1024 || r.Lost() != 3 {
		t.Errorf("refused %d, lost %d", r.Refused(), r.Lost())
	}
	if text := toText(t, r, report.Options{Width: 120}); !strings.Contains(text, "at least 1,024 requests refused") {
		t.Error(text)
	}
}
