package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
)

// count is a form of another module.
var count = report.Output{
	Name: "count",
	Doc:  "how many points there are",
	Text: true,
	Write: func(w io.Writer, r *report.Report, o report.Options) error {
		_, err := fmt.Fprintf(w, "%d points, %d rows", r.Len(), o.MaxRows)
		return err
	},
}

func commandOf(t *testing.T, form report.Output, args ...string) result {
	t.Helper()
	var out, err strings.Builder
	code := run(t.Context(), args, streams{strings.NewReader(""), &out, &err}, WithOutput(form))
	return result{code, out.String(), err.String()}
}

// TestOutput: a form that a program adds is one like any other.
func TestOutput(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	r := commandOf(t, count, "trace", "show", checkout, "--format", "count")
	if r.checkFine(t, ""); r.out != "1 points, 200 rows\n" {
		t.Errorf("%q", r.out)
	}
	file := filepath.Join(t.TempDir(), "out")
	r = commandOf(t, count, "trace", "show", checkout, "--format", "count", "--all", "--out", file)
	r.checkFine(t, "")
	if text, err := os.ReadFile(file); err != nil || string(text) != "1 points, 0 rows" || r.out != "" {
		t.Errorf("%v, %q in the file, %q", err, text, r.out)
	}
	binary := count
	binary.Text = false
	r = commandOf(t, binary, "trace", "show", checkout, "--format", "count")
	if r.checkFine(t, ""); r.out != "1 points, 200 rows" {
		t.Errorf("%q", r.out)
	}
	r = commandOf(t, count, "trace", "show", "--help")
	if r.checkFine(t, ""); !strings.Contains(strings.Join(strings.Fields(r.out), " "), "count (how many points there are)") {
		t.Error(r.out)
	}
	broken := count
	broken.Write = func(io.Writer, *report.Report, report.Options) error { return errors.New("out of ink") }
	commandOf(t, broken, "trace", "show", checkout, "--format", "count").checkFails(t, exitFailed, "^sonde: out of ink$")
}

func TestUnknownFormat(t *testing.T) {
	for _, args := range [][]string{{"trace", "show", checkout}, {"run", "http://127.0.0.1:1"}} {
		r := commandOf(t, count, append(args, "--format", "bogus")...)
		r.checkFails(t, exitUsage, `--format must be one of "text","json","osprofiler","markdown","sarif","html","perfetto","chrome","speedscope","pprof","folded","dot","otlp","csv","count" but got "bogus"`)
		command(t, append(args, "--format", "json", "--json")...).checkFails(t, exitUsage, `--format and --json can't be used together`)
	}
	command(t, "trace", "list", "--format", "osprofiler").checkFails(t, exitUsage, `--format must be one of "text","json"`)
}

// TestWrongOutput: what no command can have is found before anything is done.
func TestWrongOutput(t *testing.T) {
	taken, silent := count, count
	taken.Name, silent.Write = document.Output.Name, nil
	for want, form := range map[string]report.Output{`there are two outputs "json"`: taken, `the output "count" has no Write`: silent} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != "cli: "+want {
					t.Errorf("%q, want %q", got, want)
				}
			}()
			commandOf(t, form, "trace", "list")
		}()
	}
}

// TestFormats: --json is OSProfiler's form, and json is ours.
func TestFormats(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	same := command(t, "trace", "show", checkout, "--json")
	same.checkFine(t, "")
	if r := command(t, "trace", "show", checkout, "--format", "osprofiler"); r != same {
		t.Errorf("%+v", r)
	}
	text := command(t, "trace", "show", checkout)
	text.checkFine(t, "")
	if r := command(t, "trace", "show", checkout, "--format", "text"); r != text {
		t.Errorf("%+v", r)
	}
	r := command(t, "trace", "show", checkout, "--format", "json")
	r.checkFine(t, "")
	var got struct {
		Version int
		Trace   string
		Points  []struct{ Label string }
	}
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || got.Version != document.Version || got.Trace != checkout || len(got.Points) != 1 || got.Points[0].Label != "POST /checkout" {
		t.Errorf("%v in %s", err, r.out)
	}
}

// place is that of a trace in a list.
func place(timestamp, id string) string {
	t := drivers.Trace{ID: id, Timestamp: timestamp + ".000000"}
	return string(t.Cursor())
}

// TestPages turns a page and turns it back.
func TestPages(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	told := regexp.MustCompile(`sonde: (older|newer) traces: (--\S+) (\S+)`)
	turn := func(wantTrace, wantTold string, args ...string) []string {
		t.Helper()
		r := command(t, append([]string{"trace", "list", "--limit", "1"}, args...)...)
		var links []string
		var which []string
		for _, m := range told.FindAllStringSubmatch(r.err, -1) {
			which, links = append(which, m[1]), append(links, m[2], m[3])
		}
		if !strings.Contains(r.out, wantTrace) || strings.Count(r.out, "\n") != 2 || strings.Join(which, " ") != wantTold {
			t.Fatalf("%q: want %s, and to be told of %s traces: %+v", args, wantTrace, wantTold, r)
		}
		return links
	}
	older := turn(refund, "older")
	both := turn(checkout, "older newer", older...)
	turn(refund, "older newer", both[2:]...)
	if r := command(t, append([]string{"trace", "list"}, both[:2]...)...); r.out != "" || !strings.Contains(r.err, "no such traces") {
		t.Errorf("after the last page: %+v", r)
	}
	command(t, "trace", "list", "--page-before", "x").checkFails(t, exitFailed, "^sonde: list .*: this is not a place in a list of traces")
}

// TestListFormat: docs/json.md has the same members.
func TestListFormat(t *testing.T) {
	url := store(t)
	r := command(t, "trace", "list", "--format", "json", "--connection-string", url)
	r.checkFine(t, "")
	want := `{
  "version": 1,
  "traces": [
    {"trace":"` + refund + `","began":"2026-01-02T04:04:05.000000Z","project":"shop","service":"payments","name":"http","place":"` + place("2026-01-02T04:04:05", refund) + `","root":"POST /refund","status":null,"duration_ns":1000000000,"ended":true,"points":1,"services":["payments"],"failed":false},
    {"trace":"` + checkout + `","began":"2026-01-02T03:04:05.000000Z","project":"shop","service":"cart","name":"http","place":"` + place("2026-01-02T03:04:05", checkout) + `","root":"POST /checkout","status":null,"duration_ns":90000000,"ended":true,"points":1,"services":["cart"],"failed":false}
  ]
}
`
	if r.out != want {
		t.Errorf("got %s", r.out)
	}
	r = command(t, "trace", "list", "--format", "json", "--service", "none", "--connection-string", url)
	if r.code != exitFine || r.out != "{\n  \"version\": 1,\n  \"traces\": []\n}\n" {
		t.Errorf("%+v", r)
	}
	doc, err := os.ReadFile(filepath.Join("..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Traces []map[string]any }
	if err := json.Unmarshal([]byte(want), &list); err != nil {
		t.Fatal(err)
	}
	for name := range list.Traces[0] {
		if !strings.Contains(string(doc), "\n| `traces."+name+"` |") {
			t.Errorf("docs/json.md does not tell of traces.%s", name)
		}
	}
}

// TestHTML: --html is the form html, and groups of traces have pages too.
func TestHTML(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	page := command(t, "trace", "show", checkout, "--html")
	page.checkFine(t, "")
	if r := command(t, "trace", "show", checkout, "--format", "html"); r != page || !strings.HasPrefix(r.out, "<!DOCTYPE html>") || !strings.Contains(r.out, `"trace": "`+checkout+`"`) {
		t.Errorf("%.1000s", r.out)
	}
	file := filepath.Join(t.TempDir(), "trace.html")
	r := command(t, "trace", "show", checkout, "--html", "--out", file)
	r.checkFine(t, "")
	if text, err := os.ReadFile(file); err != nil || string(text) != page.out || r.out != "" {
		t.Errorf("%v, %d bytes in the file, want %d", err, len(text), len(page.out))
	}
	for _, args := range [][]string{{"trace", "diff", checkout, refund, "--format", "html"}, {"trace", "stats", checkout, refund, "--format", "html"}} {
		r := command(t, args...)
		if r.checkFine(t, ""); !strings.HasPrefix(r.out, "<!DOCTYPE html>") || !strings.HasSuffix(r.out, "</html>\n") {
			t.Errorf("%q: %.1000s", args, r.out)
		}
	}
}
