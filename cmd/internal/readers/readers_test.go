// Package readers tests that the forms of reports that others read are what
// others take them for.
package readers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif" // for its schema
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/markdown"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/sarif"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hostile are texts that a trace may hold.
var hostile = []string{
	"plain", "a`b", "```\n# x\n```", "``````````", "a|b|c", `\|`, `\`, `\\|x`, "a\n\n# owned", "<script>alert(1)</script>", "<!-- x", "&lt;b&gt;",
	"[x](javascript:1)", "![x](http://x)", "https://x.example", "www.x.example", "@root", "mail@x.example", "#1", "*a* _b_ ~~c~~", "1. a", "- a", "\x1b[31m", "\xff{0}",
}

// hostileTrace is three failed calls with a place in the code, all of whose texts
// are one.
func hostileTrace(t *testing.T, text string) *report.Report {
	t.Helper()
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	var records []string
	add := func(half, id, parent string, ms int, info string) {
		records = append(records, strings.NewReplacer("TEXT", string(encoded)).Replace(fmt.Sprintf(
			`{"name":"db-%s","base_id":"b","trace_id":%q,"parent_id":%q,"timestamp":"2026-01-02T03:04:05.%03d000","service":TEXT,"info":{%s}}`, half, id, parent, ms, info)))
	}
	add("start", "root", "b", 0, `"db":{"statement":TEXT}`)
	for i := range 3 {
		id := fmt.Sprint("p", i)
		add("start", id, "root", 1+100*i, `"db":{"statement":TEXT},"sonde":{"at":"a b.go:7"}`)
		add("stop", id, "root", 100+100*i, fmt.Sprintf(`"etype":"E%d","message":TEXT`, i))
	}
	add("stop", "root", "b", 400, `"etype":TEXT`)
	r, err := report.Read([]byte(strings.Join(records, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reports are all that are at hand, by name.
func reports(t *testing.T) map[string]*report.Report {
	all := map[string]*report.Report{}
	for _, trace := range outputtest.Traces(t) {
		all[trace.Name] = trace.Report(t)
	}
	for _, text := range hostile {
		all[text] = hostileTrace(t, text)
	}
	return all
}

// sarifSchema is the schema that OASIS publishes (errata 01), which the source of a
// module has as a constant.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	folder, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(folder)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constant := file.Scope.Lookup("schema").Decl.(*ast.ValueSpec).Values[0].(*ast.BasicLit)
	text, err := strconv.Unquote(constant.Value)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const published = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	if err := c.AddResource(published, document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(published)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestSARIF holds the form to its schema, which refuses members that it does not
// know.
func TestSARIF(t *testing.T) {
	schema := sarifSchema(t)
	for name, r := range reports(t) {
		for _, accepted := range []map[string]string{nil, {}, acceptAll(r)} {
			var out bytes.Buffer
			if err := sarif.Write(&out, r, report.Options{Accepted: accepted}); err != nil {
				t.Fatal(err)
			}
			log, err := jsonschema.UnmarshalJSON(&out)
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			if err := schema.Validate(log); err != nil {
				t.Errorf("%q: %v", name, err)
			}
			log.(map[string]any)["runs"].([]any)[0].(map[string]any)["unknown"] = true
			if schema.Validate(log) == nil {
				t.Fatal("the schema takes anything")
			}
		}
	}
}

func acceptAll(r *report.Report) map[string]string {
	all := map[string]string{}
	for _, f := range findings.Find(r, findings.Options{}).Findings {
		all[f.Signature] = "known"
	}
	return all
}

// TestMarkdown: a reader of GitHub's Markdown sees a heading, tables of the same
// columns and one block of code, and nothing else whatever the texts are.
func TestMarkdown(t *testing.T) {
	reader := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	for name, r := range reports(t) {
		var source, page bytes.Buffer
		if err := markdown.Write(&source, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := reader.Convert(source.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		got := page.String()
		for _, tag := range []string{"<a", "<img", "<script", "<!--", "<em", "<strong", "<del", "<b>", "<h1", "<h2", "<ol", "<hr", "<blockquote", "<input"} {
			if strings.Contains(got, tag) {
				t.Errorf("%q: %s in\n%s\n%s", name, tag, got, source.Bytes())
			}
		}
		points := strings.Count(got, "<pre>")
		if strings.Count(got, "<h3") != 1 || points != min(1, r.Len()) {
			t.Errorf("%q: %s", name, got)
		}
		for _, table := range strings.Split(got, "<table>")[1:] {
			table, _, _ = strings.Cut(table, "</table>")
			columns := strings.Count(table, "<th") - strings.Count(table, "<thead")
			if rows := strings.Count(table, "<tr>") - 1; strings.Count(table, "<td") != rows*columns || rows < 1 {
				t.Errorf("%q: a table of %d columns and %d rows: %s", name, columns, rows, table)
			} else if n := strings.Count(table, "<td><code>"); strings.Contains(table, "signature") && n != rows {
				t.Errorf("%q: %d rows of %d end with their signature: %s", name, n, rows, table)
			}
		}
	}
}
