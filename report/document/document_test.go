package document_test

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

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/outputtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, document.Output, "testdata") }

func inJSON(t testing.TB, r *report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := document.Write(&out, r, report.Options{}); err != nil {
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
			if err := json.Unmarshal(text, &got); err != nil || got.Version != document.Version || len(got.Points) != r.Len() {
				t.Fatalf("%v, version %d, %d points of %d:\n%s", err, got.Version, len(got.Points), r.Len(), text)
			}
			if i := bytes.IndexFunc(text, func(c rune) bool { return c > '~' || c < ' ' && c != '\n' }); i >= 0 {
				t.Errorf("%q", text[i:min(len(text), i+20)])
			}
			i := 0
			for p := range r.Walk() {
				g := got.Points[i]
				_, _, failed := r.Failure(p)
				if g.Start != p.Start().Nanoseconds() || g.Failed != failed || deref(g.ID) != p.ID() || p.Name == "http" && deref(g.Label) != r.Detail(p) {
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
	for _, info := range []string{`,"info":{"db":{"statement":"SELECT 1"},"host":"h"}`, ""} { // "": nothing is written as it is stored
		r, err := report.Build(func(yield func(record.Record, error) bool) {
			for i := range 4000 {
				yield(record.Parse(fmt.Appendf(nil, `{"name":"x-start","base_id":"b","trace_id":"p%d","parent_id":"b","timestamp":"2026-01-02T03:04:05.%06d"%s}`, i, i, info)))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		w := pieces{}
		if err := document.Write(&w, r, report.Options{}); err != nil || w.n < 10 || w.most > 1<<17 {
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
	file := filepath.Join("..", "..", "docs", "json.md")
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
	doc, _, _ = bytes.Cut(doc, []byte("\n## A list of traces\n"))
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|").FindAllSubmatch(doc, -1) {
		members[string(m[1])] = true
	}
	reports := []*report.Report{skewed(t), withGap(t)} // "shop" has no shifts, no warnings and no gaps
	for _, trace := range outputtest.Traces(t) {
		reports = append(reports, trace.Report(t))
	}
	for _, r := range reports {
		var whole any
		if err := json.Unmarshal(inJSON(t, r), &whole); err != nil {
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
		if !strings.HasPrefix(m, "seen ") && !members["seen "+m] {
			t.Errorf("docs/json.md tells of %s, which no document has", m)
		}
	}
}

// withGap is a report of which records are missing.
func withGap(t *testing.T) *report.Report {
	t.Helper()
	r, err := report.Read([]byte(`{"name":"x-start","base_id":"b","trace_id":"p","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","info":{"host":"h"},"service":"cart","sonde":{"from":"9f3c5a0e12ab34cd","n":5}}`))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAccepted: what is accepted is marked.
func TestAccepted(t *testing.T) {
	r := skewed(t)
	signature := findings.Find(r, findings.Options{}).Findings[0].Signature
	var out bytes.Buffer
	if err := document.Write(&out, r, report.Options{Accepted: map[string]string{signature: "known"}}); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out.Bytes(), []byte(`"accepted":true,"why":"known"}`)); n != 1 {
		t.Errorf("%d are marked in %s", n, out.Bytes())
	}
}

// skewed is a call to a host whose clock is 3 s behind.
func skewed(t *testing.T) *report.Report {
	t.Helper()
	var text []string
	for _, p := range []struct{ name, id, parent, host, info, from, to string }{
		{"http", "1", "b", "a", `"request":{}`, "04.000", "04.900"}, {"grpc_client", "2", "1", "a", `"grpc":{"method":"/a.B/C"},"sonde":{"kind":"client"}`, "04.100", "04.800"},
		{"grpc", "3", "2", "b", `"grpc":{"method":"/a.B/C"},"sonde":{"kind":"server"}`, "01.101", "01.799"},
	} {
		for half, at := range map[string]string{"start": p.from, "stop": p.to} {
			text = append(text, fmt.Sprintf(`{"name":"%s-%s","base_id":"b","trace_id":"%s","parent_id":"%s","timestamp":"2026-01-02T03:04:%s000","info":{%s,"host":"%s"},"service":"s%s"}`,
				p.name, half, p.id, p.parent, at, p.info, p.host, p.host))
		}
	}
	r, err := report.Read([]byte(strings.Join(text, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
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
