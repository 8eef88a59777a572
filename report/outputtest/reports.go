package outputtest

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/testdata"
)

// Trace is a recorded trace.
type Trace struct {
	// Name says what the trace shows, such as "shop". Names do not change in later
	// versions of this module, which may add traces.
	Name string

	records [][]byte
}

// Report returns a new report of the trace.
func (r *Trace) Report(t testing.TB) *report.Report {
	t.Helper()
	made, err := report.Build(func(yield func(record.Record, error) bool) {
		for _, text := range r.records {
			if !yield(record.Parse(text)) {
				return
			}
		}
	})
	if err != nil {
		t.Fatalf("trace %s: %v", r.Name, err)
	}
	return made
}

//go:embed testdata/*.jsonl
var own embed.FS

// Traces returns the recorded traces: some recorded by OSProfiler, one by services
// with Sonde, one with hostile content, and one without any record, among others.
func Traces(t testing.TB) []Trace {
	t.Helper()
	traces := []Trace{{Name: "nothing"}}
	for _, name := range []string{"shop", "hostile", "condensed"} {
		text, err := own.ReadFile("testdata/" + name + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		r := Trace{Name: name}
		for line := range strings.Lines(string(text)) {
			r.records = append(r.records, []byte(line))
		}
		traces = append(traces, r)
	}
	traces = slices.Concat(traces, fromRedis(t), edges(t))
	slices.SortFunc(traces, func(a, b Trace) int { return strings.Compare(a.Name, b.Name) })
	return traces
}

// fromRedis are traces of Python services as they were in Redis.
func fromRedis(t testing.TB) (traces []Trace) {
	var store struct {
		Keys []struct {
			Key   string
			Value json.RawMessage
		}
	}
	decode(t, "keys.json", &store)
	for id, name := range map[string]string{
		"a0000001-1111-4111-8111-000000000001": "server",
		"a0000002-1111-4111-8111-000000000002": "exception",
		"a0000009-1111-4111-8111-000000000009": "deep",
		"a000000b-1111-4111-8111-00000000000b": "sqlalchemy",
	} {
		for _, k := range store.Keys {
			if k.Key != "osprofiler_opt:"+id {
				continue
			}
			var values []string
			if err := json.Unmarshal(k.Value, &values); err != nil {
				t.Fatal(err)
			}
			r := Trace{Name: name}
			for _, v := range values {
				r.records = append(r.records, []byte(v))
			}
			traces = append(traces, r)
		}
	}
	return traces
}

// edges are traces with something that is seldom.
func edges(t testing.TB) (traces []Trace) {
	var golden struct {
		Cases []struct {
			ID     string
			Events []json.RawMessage
		}
	}
	decode(t, "report_builder.json", &golden)
	for id, name := range map[string]string{
		"r005": "unfinished", "r016": "clock-skew", "r021": "no-name", "r033": "own-parent", "r045": "odd-time",
	} {
		for _, c := range golden.Cases {
			if c.ID != id {
				continue
			}
			r := Trace{Name: name}
			for _, e := range c.Events {
				r.records = append(r.records, e)
			}
			traces = append(traces, r)
		}
	}
	return traces
}

func decode(t testing.TB, name string, into any) {
	t.Helper()
	text, err := testdata.Files.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// large is a trace of n points, each below the one before if it is deep, and
// else all below the first.
func large(n int, deep bool) *Trace {
	r := &Trace{Name: "large"}
	for i := range n {
		parent := "base"
		switch {
		case i > 0 && deep:
			parent = fmt.Sprint("p", i-1)
		case i > 0:
			parent = "p0"
		}
		for _, half := range []string{"start", "stop"} {
			r.records = append(r.records, fmt.Appendf(nil,
				`{"name":"step-%s","base_id":"base","trace_id":"p%d","parent_id":%q,"timestamp":"2026-01-02T03:04:05.%06d","info":{"host":"h"},"project":"p","service":"s"}`, half, i, parent, i))
		}
	}
	return r
}
