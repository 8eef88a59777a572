package document_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/profile"
)

// TestManyDocuments: whatever the traces hold, a difference and a profile are JSON in
// ASCII, and docs/json.md names the members that they have.
func TestManyDocuments(t *testing.T) {
	before, after := profile.New(), profile.New()
	for i, trace := range outputtest.Traces(t) {
		p := before
		if i%2 == 0 {
			p = after
		}
		p.Add(trace.Report(t))
	}
	for i := range 40 {
		r, err := report.Read([]byte(fmt.Sprintf(`{"name":"job-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","info":{"plan":"p%d\u001b[J"}}
{"name":"job-stop","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:0%d.500000","info":{}}`, i/36, 5+i/36)))
		if err != nil {
			t.Fatal(err)
		}
		after.Add(r)
	}
	condition, err := diff.ParseCondition("new > 0")
	if err != nil {
		t.Fatal(err)
	}
	d := diff.Of(before, after)
	failed := document.Failed{Condition: condition}
	failed.Text, _ = condition.Check(d)
	for title, write := range map[string]func(*bytes.Buffer) error{
		"A difference": func(b *bytes.Buffer) error { return document.WriteDiff(b, d, []document.Failed{failed}) },
		"Many traces": func(b *bytes.Buffer) error {
			return document.WriteProfile(b, after, after.Explain(after.Kinds()[0]))
		},
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		if i := bytes.IndexFunc(out.Bytes(), func(c rune) bool { return c > '~' || c < ' ' && c != '\n' }); i >= 0 {
			t.Errorf("%s: %q", title, out.Bytes()[i:min(out.Len(), i+20)])
		}
		var whole map[string]any
		if err := json.Unmarshal(out.Bytes(), &whole); err != nil || whole["version"] != 1.0 {
			t.Fatalf("%s: %v, version %v\n%s", title, err, whole["version"], out.Bytes())
		}
		got := map[string]bool{}
		for _, m := range paths("", whole) {
			got[m] = true
		}
		want := described(t, title)
		for m := range got {
			if !want[m] {
				t.Errorf("docs/json.md does not tell of %s in %q", m, title)
			}
		}
		for m := range want {
			if !got[m] {
				t.Errorf("docs/json.md tells of %s in %q, which no document has", m, title)
			}
		}
	}
}

// described are the members that a chapter of docs/json.md names.
func described(t *testing.T, title string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, ok := strings.Cut(string(text), "\n## "+title+"\n")
	if !ok {
		t.Fatalf("there is no chapter %q", title)
	}
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	all := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.0-9]+)` \\|").FindAllStringSubmatch(chapter, -1) {
		all[m[1]] = true
	}
	return all
}
