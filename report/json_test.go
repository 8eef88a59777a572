package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
)

func inJSON(t testing.TB, r *report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestJSONIsJSON: whatever the records hold, the document is JSON that the
// strictest reader takes, in ASCII, and has every point.
func TestJSONIsJSON(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		t.Run(trace.Name, func(t *testing.T) {
			r := trace.Report(t)
			text := inJSON(t, r)
			var got struct {
				Version int
				Points  []struct {
					ID, Label, Etype *string
					Failed           bool
					Start            int64 `json:"start_ns"`
				}
			}
			if err := json.Unmarshal(text, &got); err != nil || got.Version != report.JSONVersion || len(got.Points) != len(r.Points) {
				t.Fatalf("%v, version %d, %d points of %d:\n%s", err, got.Version, len(got.Points), len(r.Points), text)
			}
			if i := bytes.IndexFunc(text, func(c rune) bool { return c > '~' || c < ' ' && c != '\n' }); i >= 0 {
				t.Errorf("%q", text[i:min(len(text), i+20)])
			}
			i := 0
			for p := range r.Walk() {
				g := got.Points[i]
				_, _, failed := r.Failure(p)
				if g.Start != p.Start().Nanoseconds() || g.Failed != failed || deref(g.ID) != p.TraceID || p.Name == "http" && deref(g.Label) != r.Detail(p) {
					t.Errorf("%+v of %+v", g, p)
				}
				i++
			}
		})
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestJSONStreams: the document is written in pieces, none of which grows with
// the trace.
func TestJSONStreams(t *testing.T) {
	var bare [][]byte // of which nothing is written as it is stored
	for i := range 4000 {
		bare = append(bare, fmt.Appendf(nil, `{"name": "x-start", "base_id": "base", "trace_id": "p%d", "parent_id": "base", "timestamp": %q}`, i, at(i)))
	}
	for _, records := range [][][]byte{bigTrace(4000), bare} {
		w := pieces{}
		if err := build(t, ofPayloads(records)).WriteJSON(&w); err != nil || w.n < 10 || w.most > 1<<17 {
			t.Errorf("%v, %d pieces, the longest of %d bytes", err, w.n, w.most)
		}
	}
}

type pieces struct{ n, most int }

func (w *pieces) Write(b []byte) (int, error) {
	w.n++
	w.most = max(w.most, len(b))
	return len(b), nil
}

// TestJSONDocument: docs/json.md shows what the trace "shop" is, and names every
// member.
func TestJSONDocument(t *testing.T) {
	i := slices.IndexFunc(outputtest.Traces(t), func(trace outputtest.Trace) bool { return trace.Name == "shop" })
	text := inJSON(t, outputtest.Traces(t)[i].Report(t))
	file := filepath.Join("..", "docs", "json.md")
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := bytes.Cut(doc, []byte("\n```json\n"))
	_, after, ok := bytes.Cut(rest, []byte("\n```\n"))
	if !ok {
		t.Fatal("docs/json.md has no example")
	}
	outputtest.Golden(t, file, slices.Concat(before, []byte("\n```json\n"), bytes.TrimSpace(text), []byte("\n```\n"), after))
	members := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|").FindAllSubmatch(doc, -1) {
		members[string(m[1])] = true
	}
	for _, trace := range outputtest.Traces(t) { // "shop" has no warnings
		var whole any
		if err := json.Unmarshal(inJSON(t, trace.Report(t)), &whole); err != nil {
			t.Fatal(err)
		}
		for _, m := range paths("", whole) {
			if !members[m] {
				t.Errorf("docs/json.md does not tell of %s", m)
			}
			members["seen "+m] = true
		}
	}
	for m := range members {
		if !strings.HasPrefix(m, "seen ") && !strings.HasPrefix(m, "traces") && !members["seen "+m] {
			t.Errorf("docs/json.md tells of %s, which no document has", m)
		}
	}
}

// paths are the members of a document, without those of what was stored.
func paths(at string, value any) (all []string) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			path := strings.TrimPrefix(at+"."+name, ".")
			all = append(all, path)
			if !strings.HasPrefix(path, "points.info.") {
				all = append(all, paths(path, member)...)
			}
		}
	case []any:
		for _, element := range v {
			all = append(all, paths(at, element)...)
		}
	}
	return all
}
