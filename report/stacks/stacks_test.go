package stacks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines is each sample as text.
func lines(s *Stacks) (list []string) {
	for stack, sample := range s.All() {
		var names []string
		for _, f := range stack {
			names = append(names, s.Frames()[f])
		}
		list = append(list, fmt.Sprintf("%s %d %v", strings.Join(names, ";"), sample.Count, sample.Self))
	}
	return list
}

func read(t testing.TB, text string) *report.Report {
	t.Helper()
	r, err := report.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// chain is n points, each below the one before, for a microsecond longer than that.
func chain(t testing.TB, n int, name func(i int) string) *report.Report {
	t.Helper()
	var out strings.Builder
	for _, half := range []string{"start", "stop"} {
		for i := range n {
			at := i
			if half == "stop" {
				at = 2*n - i
			}
			fmt.Fprintf(&out, `{"name":"%s-%s","base_id":"t","trace_id":"%d","parent_id":"%d","timestamp":"2026-01-02T03:04:05.%06d","info":{}}`+"\n", name(i), half, i+1, i, at)
		}
	}
	return read(t, out.String())
}

func TestDeep(t *testing.T) {
	const n = 1000
	s := Of(chain(t, n, func(int) string { return "x" }), report.Options{})
	count, self, deepest := int64(0), time.Duration(0), 0
	for stack, sample := range s.All() {
		count += sample.Count
		self += sample.Self
		deepest = max(deepest, len(stack))
		if len(stack) > MaxDepth != (s.Frames()[stack[len(stack)-1]] == Deeper) {
			t.Errorf("a stack of %d frames ends in %s", len(stack), s.Frames()[stack[len(stack)-1]])
		}
	}
	if count != n || self != 2*n*time.Microsecond || deepest != MaxDepth+1 {
		t.Errorf("%d points, %v, %d frames", count, self, deepest)
	}
}

// TestBounded: what there is no room for is counted together.
func TestBounded(t *testing.T) {
	s := New()
	s.limit = 5
	for range 2 {
		s.Add(chain(t, 20, func(i int) string { return fmt.Sprint("n", i) }), report.Options{})
	}
	want := []string{"n0 2 4µs", "n0;n1 2 4µs", "n0;n1;n2 2 4µs", "n0;n1;n2;n3 2 4µs", "n0;n1;n2;n3;n4 2 4µs", Other + " 30 60µs"}
	if got := lines(s); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if len(s.nodes) > s.limit+1 || len(s.frames) > s.limit+1 || len(s.samples) > s.limit+1 {
		t.Errorf("%d nodes, %d frames, %d samples", len(s.nodes), len(s.frames), len(s.samples))
	}
}

// TestLabels: points of one stack are told apart by what a sample says of them.
func TestLabels(t *testing.T) {
	line := func(id, host, info string) string {
		return fmt.Sprintf(`{"name":"db-start","base_id":"t","trace_id":%[1]q,"parent_id":"t","timestamp":"2026-01-02T03:04:05.00000%[1]s","service":"s","info":{"host":%[2]q,"db":{"statement":"SELECT %[1]s"}}}
{"name":"db-stop","base_id":"t","trace_id":%[1]q,"parent_id":"t","timestamp":"2026-01-02T03:04:06.000000","service":"s","info":{"host":%[2]q%[3]s}}`+"\n", id, host, info)
	}
	s := Of(read(t, line("1", "a", "")+line("2", "a", `,"etype":"E"`)+line("3", "b", "")+line("4", "a", "")), report.Options{})
	var got []Sample
	for stack, sample := range s.All() {
		if len(stack) != 1 || s.Frames()[stack[0]] != "s: db SELECT ?" {
			t.Errorf("%q", s.Frames())
		}
		got = append(got, sample)
	}
	second := time.Second
	want := []Sample{
		{"s", "a", layer.Client, false, 2*second - 5*time.Microsecond, 2},
		{"s", "a", layer.Client, true, second - 2*time.Microsecond, 1},
		{"s", "b", layer.Client, false, second - 3*time.Microsecond, 1},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// TestHostile: frames are printable, and no time is lost or negative.
func TestHostile(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		r := trace.Report(t)
		s := Of(r, report.Options{})
		count := 0
		for _, sample := range s.All() {
			count += int(sample.Count)
			if sample.Self < 0 {
				t.Errorf("%s: %v", trace.Name, sample.Self)
			}
		}
		if count != r.Points() {
			t.Errorf("%s: %d of %d points", trace.Name, count, r.Points())
		}
		for _, f := range s.Frames() {
			if f == "" || strings.ContainsAny(f, "\x1b\n\r\x00") || len([]rune(f)) > widestFrame {
				t.Errorf("%s: frame %q", trace.Name, f)
			}
		}
	}
}

func Example() {
	s := New()
	for _, took := range []string{"120", "180"} { // two traces
		r, err := report.Read([]byte(`
{"name":"job-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{}}
{"name":"db-start","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"db":{"statement":"SELECT ` + took + `"}}}
{"name":"db-stop","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.100000","service":"shop","info":{}}
{"name":"job-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.` + took + `000","service":"shop","info":{}}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		s.Add(r, report.Options{})
	}
	for stack, sample := range s.All() {
		fmt.Println(len(stack), s.Frames()[stack[len(stack)-1]], sample.Count, sample.Self)
	}
	// Output:
	// 1 shop: job 2 100ms
	// 2 shop: db SELECT ? 2 200ms
}
