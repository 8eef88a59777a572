package sarif_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/sarif"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, sarif.Output, "testdata") }

// TestKinds: kinds.txt has what docs/findings.md says of each kind, a paragraph or
// more on one line. With -update it is written anew, and the golden files the next
// time.
func TestKinds(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "findings.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	for _, chapter := range strings.Split(string(doc), "\n### ")[1:] {
		kind, text, _ := strings.Cut(chapter, "\n")
		text, _, _ = strings.Cut(text, "\n## ")
		text = strings.NewReplacer("*", "", "`", "").Replace(strings.Join(strings.Fields(text), " "))
		fmt.Fprintf(&want, "%s\t%s\n", kind, text)
	}
	outputtest.Golden(t, "kinds.txt", want.Bytes())
}

// written is what these tests look at.
type written struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID              string
					FullDescription struct{ Text string }
				}
			}
		}
		Invocations []struct {
			ToolExecutionNotifications []struct{ Message struct{ Text string } }
		}
		Results []struct {
			RuleID              string
			RuleIndex           int
			Level               string
			Message             struct{ Text string }
			PartialFingerprints map[string]string
			Locations           []struct {
				PhysicalLocation *struct {
					ArtifactLocation struct{ URI string }
					Region           struct{ StartLine int }
				}
				LogicalLocations []struct{ Name, FullyQualifiedName, Kind string }
			}
			RelatedLocations []json.RawMessage
			Suppressions     *[]struct{ Status, Justification string }
			Properties       struct {
				Trace      string
				Confidence string
				Took       int64 `json:"took_ns"`
				Share      float64
			}
		}
	}
}

func write(t *testing.T, r *report.Report, o report.Options) (w written) {
	t.Helper()
	var out bytes.Buffer
	if err := sarif.Write(&out, r, o); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &w); err != nil || len(w.Runs) != 1 || len(w.Runs[0].Invocations) != 1 {
		t.Fatalf("%v in %s", err, out.Bytes())
	}
	return w
}

// TestSaysAll: a log has every finding, with its rule, and what could not be judged.
// The schema is checked in cmd, where the module that has it is at hand.
func TestSaysAll(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		r := trace.Report(t)
		want, run := findings.Find(r, findings.Options{}), write(t, r, report.Options{}).Runs[0]
		if len(run.Results) != len(want.Findings) || len(run.Invocations[0].ToolExecutionNotifications) != len(want.Blind) || run.Results == nil {
			t.Fatalf("%s: %+v of %+v", trace.Name, run, want)
		}
		for i, f := range want.Findings {
			got := run.Results[i]
			rule := run.Tool.Driver.Rules[got.RuleIndex]
			if rule.ID != string(f.Kind) || len(rule.FullDescription.Text) < 30 || got.RuleID != rule.ID || got.Suppressions != nil ||
				got.Properties.Trace != r.Trace || got.Properties.Took != f.Took.Nanoseconds() || got.Properties.Share != f.Share || got.Properties.Confidence != string(f.Confidence) {
				t.Errorf("%s: %+v of %+v", trace.Name, got, f)
			}
			if trace.Name != "hostile" && (got.Message.Text != f.Text || got.PartialFingerprints["sonde/v1"] != f.Signature) {
				t.Errorf("%s: %+v of %+v", trace.Name, got, f)
			}
			if len(got.Locations) != 1 || got.Locations[0].PhysicalLocation == nil ||
				len(f.Points) > 0 && got.Locations[0].LogicalLocations[1].FullyQualifiedName != f.Points[0].Service+"/"+f.Points[0].Name && trace.Name != "hostile" {
				t.Errorf("%s: %+v", trace.Name, got.Locations)
			}
		}
	}
}

// failing is a query that fails, whose record tells its place in the code.
func failing(t testing.TB, at, message string) *report.Report {
	t.Helper()
	place, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Read([]byte(`
{"name":"http-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"request":{"method":"GET","path":"/cart"}}}
{"name":"db-start","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.001000","service":"shop","info":{"db":{"statement":"SELECT 1"},"sonde":{"at":` + string(place) + `}}}
{"name":"db-stop","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.002000","service":"shop","info":{"etype":"E","message":` + string(quoted) + `}}
{"name":"http-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.003000","service":"shop","info":{"etype":"E","message":` + string(quoted) + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPlaceInTheCode: GitHub refuses results without a place.
func TestPlaceInTheCode(t *testing.T) {
	const none = ".sonde-accept:1"
	for at, want := range map[string]string{
		"cart/load.go:12": "cart/load.go:12", `cart\my load.go:7`: "cart/my%20load.go:7", "/src/a.go:1": "file:///src/a.go:1",
		"../../a.go:3": "../../a.go:3", "c:/a.go:3": "./c:/a.go:3", "a?b#c%.go:4": "a%3Fb%23c%25.go:4", "a\"\n.go:5": "a%22%0A.go:5",
		"": none, "a.go": none, ":3": none, "a.go:0": none, "a.go:-1": none, "a.go:x": none, "a.go:99999999999999999999": none,
	} {
		first := write(t, failing(t, at, "gone"), report.Options{}).Runs[0].Results[0]
		p := first.Locations[0].PhysicalLocation
		got := fmt.Sprintf("%s:%d", p.ArtifactLocation.URI, p.Region.StartLine)
		if first.Level != "error" || first.RuleID != "failure" || got != want {
			t.Errorf("%q: %+v, want %q", at, first, want)
		}
	}
}

// TestPlaceOfAnother: a place that a later point tells is that of the finding.
func TestPlaceOfAnother(t *testing.T) {
	r, err := report.Read([]byte(`
{"name":"http-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"sonde":{"at":"a.go:7"}}}
{"name":"db-start","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.001000","service":"shop","info":{"db":{"statement":"SELECT 1"}}}
{"name":"db-stop","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.002000","service":"shop","info":{"etype":"E","message":"gone"}}
{"name":"http-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.003000","service":"shop","info":{"etype":"E","message":"gone"}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := write(t, r, report.Options{}).Runs[0].Results[0]
	if l := got.Locations[0]; l.PhysicalLocation.ArtifactLocation.URI != "a.go" || l.LogicalLocations[1].Name != "http" || len(got.RelatedLocations) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestLiteral: an error's text is neither a link nor a placeholder.
func TestLiteral(t *testing.T) {
	for in, want := range map[string]string{
		"[a](https://x) \\ b": `\[a\](https://x) \\ b`, "{0} {x} {}": "{{0}} {x} {}", `[a] \`: `[a] \`,
	} {
		got := write(t, failing(t, "", in), report.Options{}).Runs[0].Results[0].Message.Text
		if !strings.Contains(got, " failed: "+want+" (E)") {
			t.Errorf("%q: got %s", in, got)
		}
	}
}

// TestAccepted: what is accepted is suppressed, and of the others it is said that
// they are not.
func TestAccepted(t *testing.T) {
	r := failing(t, "", "gone")
	first := findings.Find(r, findings.Options{}).Findings[0]
	for _, tt := range []struct {
		accepted map[string]string
		want     int
	}{{map[string]string{}, 0}, {map[string]string{first.Signature: "known"}, 1}} {
		results := write(t, r, report.Options{Accepted: tt.accepted}).Runs[0].Results
		said := results[len(results)-1].Suppressions
		if said == nil || len(*said) != tt.want || tt.want == 1 && ((*said)[0].Status != "accepted" || (*said)[0].Justification != "known") {
			t.Errorf("%v: %+v", tt.accepted, results)
		}
	}
}

func ExampleWrite() {
	r, err := report.Read([]byte(`
{"name":"http-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"request":{"method":"GET","path":"/cart"}}}
{"name":"http-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:01.000000","service":"shop","info":{"etype":"ValueError","message":"no such cart"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var out bytes.Buffer
	if err := sarif.Write(&out, r, report.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	var log struct {
		Version string
		Runs    []struct {
			Results []struct {
				RuleID, Level string
				Message       struct{ Text string }
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(log.Version, log.Runs[0].Results[0])
	// Output:
	// 2.1.0 {failure error {GET /cart (shop) failed: no such cart (ValueError)}}
}
