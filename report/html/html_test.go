package html

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/profile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestOutput has a short script and style, so that golden files change with the page
// alone. What the real ones show is tested in a browser, in cmd.
func TestOutput(t *testing.T) {
	realScript, realStyle := script, style
	defer func() { script, style = realScript, realStyle }()
	script, style = []byte("show();\n"), []byte("p{margin:0}\n")
	outputtest.Run(t, Output, "testdata")
}

// data is what a page has in it.
var data = regexp.MustCompile(`(?s)<script type="(application/json|text/plain)" id="data"([^>]*)>(.*?)</script>`)

// embeddedIn takes the document out of a page.
func embeddedIn(t *testing.T, page []byte) []byte {
	t.Helper()
	found := data.FindAllSubmatch(page, -1)
	if len(found) != 1 {
		t.Fatalf("%d elements with data", len(found))
	}
	if !bytes.Contains(found[0][2], []byte("gzip")) {
		return found[0][3]
	}
	unpacked, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(found[0][3])))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return v
}

// TestSameData: the document in a page says what document.Write says, however long.
func TestSameData(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		var page, plain bytes.Buffer
		r := trace.Report(t)
		if err := errors.Join(Write(&page, r, report.Options{}), document.Write(&plain, r, report.Options{})); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(decoded(t, embeddedIn(t, page.Bytes()))), fmt.Sprint(decoded(t, plain.Bytes())); got != want {
			t.Errorf("%s: got %s, want %s", trace.Name, got, want)
		}
	}
}

// FuzzEmbedded: no text ends the element that it is in, and it is read again as it was.
func FuzzEmbedded(f *testing.F) {
	for _, text := range []string{"", "</script><script>alert(1)</script>", "<!--<script", "]]>&amp;", "\u2028\u2029", strings.Repeat("</SCRIPT>", mostPlain/4)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(map[string]string{text: text})
		if err != nil {
			t.Skip(err)
		}
		want = []byte(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&", `\u2028`, "\u2028").Replace(string(want)))
		var page bytes.Buffer
		e := embedded{w: &page}
		if _, err := e.Write(want[:len(want)/2]); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(want[len(want)/2:]); err != nil {
			t.Fatal(err)
		}
		if err := e.close(); err != nil {
			t.Fatal(err)
		}
		got := embeddedIn(t, page.Bytes())
		if n := bytes.Count(bytes.ToLower(page.Bytes()), []byte("</script")); n != 1 || bytes.Contains(page.Bytes(), []byte("<!--")) {
			t.Fatalf("%d ends of scripts in %q", n, page.Bytes())
		}
		if fmt.Sprint(decoded(t, got)) != fmt.Sprint(decoded(t, want)) {
			t.Errorf("%q is read as %q", want, got)
		}
	})
}

// nothing is a report of a trace without points.
func nothing(t *testing.T) *report.Report {
	t.Helper()
	r, err := report.Build(func(func(record.Record, error) bool) {})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSize: what is not data is less than 150 kB.
func TestSize(t *testing.T) {
	var page bytes.Buffer
	if err := Write(&page, nothing(t), report.Options{}); err != nil {
		t.Fatal(err)
	}
	if page.Len() > 150_000 || len(script) < 10_000 || len(style) < 5000 {
		t.Errorf("the page has %d bytes, its script %d and its style %d", page.Len(), len(script), len(style))
	}
}

// TestPolicy: the page's own policy allows its script and style, by their hashes, and
// nothing else.
func TestPolicy(t *testing.T) {
	var page bytes.Buffer
	if err := Write(&page, nothing(t), report.Options{}); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(text)
	if policy == nil || strings.Index(text, policy[0]) > strings.Index(text, "<style>") {
		t.Fatal("the policy does not come before what it is about")
	}
	for _, want := range []string{"default-src 'none'", "connect-src 'none'", "base-uri 'none'", "form-action 'none'",
		"script-src '" + hash(between(t, text, "<script>")) + "'", "style-src '" + hash(between(t, text, "<style>")) + "'"} {
		if !strings.Contains(policy[1], want) {
			t.Errorf("%s is not in %s", want, policy[1])
		}
	}
	if strings.Contains(policy[1], "unsafe") || regexp.MustCompile(`(?i)(src|href)="?(https?:|//)`).MatchString(text) {
		t.Error("the page leaves itself")
	}
}

// between is what an element has in it.
func between(t *testing.T, text, begin string) []byte {
	t.Helper()
	_, rest, ok := strings.Cut(text, begin)
	inside, _, closed := strings.Cut(rest, strings.Replace(begin, "<", "</", 1))
	if !ok || !closed {
		t.Fatalf("no %s", begin)
	}
	return []byte(inside)
}

// TestScriptParsesNothing: texts of a trace become text nodes, since the script has
// nothing that would parse them, and it ends nowhere but at its end.
func TestScriptParsesNothing(t *testing.T) {
	for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser", "createContextualFragment", "srcdoc", "</script", "<!--"} {
		if bytes.Contains(script, []byte(word)) {
			t.Errorf("the script has %s", word)
		}
	}
	if bytes.Contains(style, []byte("</style")) || bytes.Contains(style, []byte("url(")) || bytes.Contains(style, []byte("@import")) {
		t.Error("the style leaves its element")
	}
}

// TestMany: pages of many traces have their documents.
func TestMany(t *testing.T) {
	a, b := profile.New(), profile.New()
	for _, trace := range outputtest.Traces(t) {
		if trace.Name == "shop" || trace.Name == "server" {
			a.Add(trace.Report(t))
		}
		if trace.Name == "shop" {
			b.Add(trace.Report(t))
		}
	}
	d := diff.Of(a, b)
	var page, plain bytes.Buffer
	if err := errors.Join(WriteDiff(&page, d, nil), document.WriteDiff(&plain, d, nil)); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(decoded(t, embeddedIn(t, page.Bytes()))), fmt.Sprint(decoded(t, plain.Bytes())); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	page.Reset()
	plain.Reset()
	e := a.Explain(a.Kinds()[0])
	if err := errors.Join(WriteProfile(&page, a, e), document.WriteProfile(&plain, a, e)); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(decoded(t, embeddedIn(t, page.Bytes()))), fmt.Sprint(decoded(t, plain.Bytes())); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
