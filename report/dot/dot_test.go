package dot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/dot"
	"github.com/sonde-go/sonde/report/outputtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, dot.Output, "testdata") }

var (
	nodeLine = regexp.MustCompile(`^\t(\d+) \[label="((?:[^"\\]|\\.)*)"\]$`)
	bareLine = regexp.MustCompile(`^\t(\d+) \[label=([\w.]+)\]$`)
	edgeLine = regexp.MustCompile(`^\t(\d+) -> (\d+)$`)
)

// graph is the tree that a text draws, whatever its nodes are called and in whatever
// order they come: the label of the top, and in brackets those below, sorted.
func graph(t *testing.T, text string) string {
	t.Helper()
	body, begins := strings.CutPrefix(strings.TrimSpace(text), "digraph {\n")
	body, ends := strings.CutSuffix(body, "}")
	if !begins || !ends {
		t.Fatalf("no graph: %q", text)
	}
	labels, below, parent := map[string]string{}, map[string][]string{}, map[string]string{}
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if m := nodeLine.FindStringSubmatch(line); m != nil {
			labels[m[1]] = m[2]
		} else if m := bareLine.FindStringSubmatch(line); m != nil {
			labels[m[1]] = m[2]
		} else if m := edgeLine.FindStringSubmatch(line); m != nil {
			below[m[1]] = append(below[m[1]], m[2])
			if parent[m[2]] != "" {
				t.Fatalf("%s is below two: %s", m[2], text)
			}
			parent[m[2]] = m[1]
		} else {
			t.Fatalf("the line %q of %s", line, text)
		}
	}
	if len(parent) != len(labels)-1 {
		t.Fatalf("%d nodes and %d edges", len(labels), len(parent))
	}
	var draw func(id string) string
	draw = func(id string) string {
		var parts []string
		for _, b := range below[id] {
			parts = append(parts, draw(b))
		}
		slices.Sort(parts)
		return labels[id] + " [" + strings.Join(parts, ", ") + "]"
	}
	return draw("0")
}

func write(t *testing.T, r *report.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := dot.Write(&out, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestGolden: what OSProfiler printed of a trace, byte for byte.
func TestGolden(t *testing.T) {
	var shown struct {
		Runs []struct {
			Argv   []string
			Stdout string
		}
	}
	decode(t, "show_redis.json", &shown)
	reports := map[string]string{}
	compared := 0
	for _, run := range shown.Runs {
		if slices.Contains(run.Argv, "--json") {
			reports[run.Argv[2]] = run.Stdout
		}
	}
	for _, run := range shown.Runs {
		if !slices.Contains(run.Argv, "--dot") || !strings.HasPrefix(run.Stdout, "digraph") {
			continue
		}
		r, err := report.Read([]byte(reports[run.Argv[2]]))
		if err != nil {
			t.Fatalf("%s: %v", run.Argv[2], err)
		}
		compared++
		if got := write(t, r) + "\n"; got != run.Stdout {
			t.Errorf("%s: got %s, want %s", run.Argv[2], got, run.Stdout)
		}
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// drawn is the graph that the real OSProfiler draws of a report, and
// nothing of one that it fails on.
const drawn = `
import json, sys
from osprofiler.cmd import commands
for line in open(sys.argv[1]):
    try:
        source = commands.TraceCommands()._create_dot_graph(json.loads(json.loads(line))).source
    except (KeyError, TypeError) as e:
        source = ""
    print(json.dumps(source))
`

// TestOSProfiler: the graph is that of the real one, of all recorded traces that it
// draws at all.
func TestOSProfiler(t *testing.T) {
	py := servertest.Python(t, "graphviz")
	var list []*report.Report
	for _, trace := range outputtest.Traces(t) {
		if trace.Name == "hostile" {
			continue // whose names the real one prints as they are
		}
		list = append(list, trace.Report(t))
	}
	for _, name := range []string{"show_redis.json", "show_sql.json", "show_messaging.json"} {
		var shown struct{ Runs []struct{ Stdout string } }
		decode(t, name, &shown)
		for _, run := range shown.Runs {
			if r, err := report.Read([]byte(run.Stdout)); err == nil {
				list = append(list, r)
			}
		}
	}
	var lines bytes.Buffer
	for _, r := range list {
		var text bytes.Buffer
		if err := r.WriteOSProfiler(&text); err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(text.String()) // which may hold Infinity, as Python's JSON does
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	file := t.TempDir() + "/reports"
	if err := os.WriteFile(file, lines.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	sources := strings.Split(strings.TrimSpace(py.Run(drawn, file)), "\n")
	if len(sources) != len(list) {
		t.Fatalf("%d graphs of %d reports", len(sources), len(list))
	}
	compared := 0
	for i, r := range list {
		var source string
		if err := json.Unmarshal([]byte(sources[i]), &source); err != nil {
			t.Fatal(err)
		}
		if source == "" || r.Len() == 0 {
			continue
		}
		compared++
		if got, want := graph(t, write(t, r)), graph(t, source); got != want {
			t.Errorf("%s:\n%s, want\n%s", r.Trace, got, want)
		}
	}
	if t.Logf("%d of %d", compared, len(list)); compared < 10 {
		t.Errorf("only %d of %d reports were compared", compared, len(list))
	}
}

func decode(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../testdata/" + name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func ExampleWrite() {
	r, err := report.Read([]byte(`
{"name":"wsgi-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"api","info":{"request":{"method":"GET","path":"/v2.1/servers"}}}
{"name":"db-start","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.010000","service":"api","info":{"db":{"statement":"SELECT 1"}}}
{"name":"db-stop","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.014000","service":"api","info":{}}
{"name":"wsgi-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.020000","service":"api","info":{}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := dot.Write(os.Stdout, r, report.Options{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// digraph {
	// 	0 [label="total - 20 ms"]
	// 	1 [label="api:wsgi - 20 ms\nGET /v2.1/servers.."]
	// 	2 [label="api:db - 4 ms"]
	// 	1 -> 2
	// 	0 -> 1
	// }
}
