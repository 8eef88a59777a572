package markdown_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/markdown"
	"github.com/sonde-go/sonde/report/outputtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, markdown.Output, "testdata") }

func write(t *testing.T, r *report.Report, o report.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := markdown.Write(&out, r, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// failing is a trace of n queries below a request, the last of which fails, all of
// whose texts are name.
func failing(t *testing.T, name string, n int) *report.Report {
	t.Helper()
	quoted, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	var records []string
	add := func(half, id, parent string, ms int, info string) {
		records = append(records, fmt.Sprintf(`{"name":"db-%s","base_id":"b","trace_id":%q,"parent_id":%q,"timestamp":"2026-01-02T03:04:%02d.%03d000","service":%s,"info":{%s}}`,
			half, id, parent, 5+ms/1000, ms%1000, quoted, info))
	}
	statement := fmt.Sprintf(`"db":{"statement":%s}`, quoted)
	add("start", "root", "b", 0, `"x":1`)
	for i := range n {
		id := fmt.Sprint("p", i)
		add("start", id, "root", 1+20*i, statement)
		add("stop", id, "root", 20+20*i, fmt.Sprintf(`"etype":"E%d","message":%s`, i, quoted))
	}
	add("stop", "root", "b", 1+20*n, `"x":1`)
	r, err := report.Read([]byte(strings.Join(records, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var (
	escaped = regexp.MustCompile(`\\[[:punct:]]`)
	spans   = regexp.MustCompile("`[^`]*`")
)

// TestHostile: no text of a trace ends a table or a code block, or means anything
// to a reader of Markdown. How such a reader sees it is tested in cmd.
func TestHostile(t *testing.T) {
	for _, name := range []string{
		"a`b", "```\n# x\n```", "``````````", "a|b|c", `\|`, `\`, "a\n\n# owned", "<script>alert(1)</script>", "<!-- -->", "&lt;b&gt;",
		"[x](javascript:1)", "![x](http://x)", "https://x.example", "www.x.example", "@root", "#1", "*a* _b_ ~~c~~", "$x$", "1. a", "- a", "\x1b[31m",
	} {
		text := write(t, failing(t, name, 3), report.Options{})
		before, fenced, ok := strings.Cut(text, "text\n")
		fence := before[strings.LastIndexByte(before, '\n')+1:]
		body, after, closed := strings.Cut(fenced, "\n"+fence)
		if !ok || !closed || strings.Trim(fence, "`") != "" || len(fence) < 3 || after != "\n" || strings.Contains(body, fence) {
			t.Errorf("%q: the waterfall is not one block:\n%s", name, text)
		}
		columns := 0
		for line := range strings.Lines(strings.TrimSuffix(before, fence)) {
			line = strings.TrimSuffix(line, "\n")
			if !strings.HasPrefix(line, "|") {
				columns = 0
			} else if n := strings.Count(line, "|"); columns == 0 {
				columns = n
			} else if n != columns {
				t.Errorf("%q: %d cells, want %d: %s", name, n, columns, line)
			}
			plain := spans.ReplaceAllString(escaped.ReplaceAllString(line, ""), "")
			if plain = strings.NewReplacer("&#8203;", "", "&#124;", "").Replace(plain); strings.ContainsAny(strings.TrimPrefix(plain, "### "), "`*_[]<>&~$#@") ||
				strings.Contains(plain, "://") || strings.Contains(plain, "www.") {
				t.Errorf("%q: %s", name, line)
			}
		}
	}
}

// TestShort: however much there is, the waterfall has forty rows of eighty columns.
func TestShort(t *testing.T) {
	_, fenced, _ := strings.Cut(write(t, failing(t, "SELECT 1", 300), report.Options{Width: 200, Color: true}), "```text\n")
	lines := strings.Split(strings.TrimSuffix(fenced, "\n```\n"), "\n")
	if len(lines) > 41 || len(lines) < 20 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestAccepted: what was accepted is counted and not listed.
func TestAccepted(t *testing.T) {
	r := failing(t, "SELECT 1", 1)
	signature := findings.Find(r, findings.Options{}).Findings[0].Signature
	if text := write(t, r, report.Options{}); !strings.Contains(text, signature) || strings.Contains(text, "accepted") {
		t.Error(text)
	}
	if text := write(t, r, report.Options{Accepted: map[string]string{signature: "known"}}); strings.Contains(text, signature) || !strings.Contains(text, "\n1 finding accepted.\n") {
		t.Error(text)
	}
}

func ExampleWrite() {
	r, err := report.Read([]byte(`
{"name":"http-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"request":{"method":"GET","path":"/cart"}}}
{"name":"db-start","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.010000","service":"shop","info":{"db":{"statement":"SELECT * FROM carts WHERE id = 7"}}}
{"name":"db-stop","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.950000","service":"shop","info":{}}
{"name":"http-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:01.000000","service":"shop","info":{"response":{"status_code":200}}}`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	if err := markdown.Write(os.Stdout, r, report.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	// Output:
	// ### GET /cart 200 in shop, 1.00 s, 2 points, 1 service
	//
	// trace t, 2026-11-21 12:00:00 UTC
	//
	// | | finding | | time | share | saves up to | signature |
	// |--:|---|---|--:|--:|--:|---|
	// | 1 | slow | SELECT \* FROM carts WHERE id = ? (shop), below GET /cart (shop): 940 ms, 94 % | 940 ms | 94 % |  | `slow:shop:503dfcef89ff` |
	//
	// Everything waited for:
	//
	// | point | service | time | share |
	// |---|---|--:|--:|
	// | db SELECT \* FROM carts WHERE id = 7 | shop | 940 ms | 94 % |
	// | http GET /cart 200 | shop | 60.0 ms | 6 % |
	//
	// ```text
	//   point                                 total     self  service  0        1.00 s
	//   http GET /cart 200                   1.00 s  60.0 ms  shop     █─────────────█
	// 1 └ db SELECT … FROM carts WHERE id…   940 ms   940 ms  shop     ███████████████
	// ```
}
