package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/report"
)

// looksLike is how each form begins.
var looksLike = map[string]string{
	"perfetto": `^\n`, "chrome": `^\{"displayTimeUnit":"ms"`, "speedscope": `^\{"\$schema":"https://www\.speedscope\.app/`,
	"pprof": "^\x1f", "folded": `^cart: http POST /checkout 90000\n$`, "dot": `^digraph \{\n\t0 \[label="total - 90 ms"\]\n`,
	"otlp": `^\{"resourceSpans":\[`, "csv": `^row,below_row,depth,`, "markdown": `^### POST /checkout`, "sarif": `^\{\n`,
	"json": `^\{\n  "version": 1,`, "osprofiler": `^\{\n  "info": \{`, "text": `^POST /checkout in cart, 90.0 ms`,
}

// TestEveryForm: each form goes to a pipe and to a file, the same.
func TestEveryForm(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	for _, form := range builtIn() {
		if form.Name == "html" {
			continue // has tests of its own
		}
		r := command(t, "trace", "show", checkout, "--format", form.Name)
		r.checkFine(t, "")
		if want := looksLike[form.Name]; want == "" || !regexp.MustCompile(want).MatchString(r.out) {
			t.Errorf("%s: want %q, got %.100q", form.Name, want, r.out)
		}
		file := filepath.Join(t.TempDir(), "out")
		written := command(t, "trace", "show", checkout, "--format", form.Name, "--out", file)
		written.checkFine(t, "")
		text, err := os.ReadFile(file)
		if err != nil || written.out != "" {
			t.Fatalf("%s: %v, %q", form.Name, err, written.out)
		}
		if got := string(text); form.Name != "text" && strings.TrimSuffix(got, "\n") != strings.TrimSuffix(r.out, "\n") {
			t.Errorf("%s: %.100q in the file, %.100q in the pipe", form.Name, got, r.out)
		}
	}
	help := command(t, "trace", "show", "--help")
	help.checkFine(t, "")
	said := strings.Join(strings.Fields(help.out), " ")
	for _, form := range builtIn() {
		if !strings.Contains(said, form.Name+" ("+strings.Join(strings.Fields(form.Doc), " ")+")") {
			t.Errorf("--help does not tell of %s: %s", form.Name, said)
		}
	}
}

// TestFormsPage: docs/forms.md tells of each form.
func TestFormsPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "forms.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range builtIn() {
		if !strings.Contains(string(page), "\n| `"+form.Name+"` |") {
			t.Errorf("docs/forms.md does not tell of %s", form.Name)
		}
	}
}

// TestUpstreamForms: the options of "osprofiler trace show" choose what they chose.
func TestUpstreamForms(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	same := command(t, "trace", "show", checkout, "--format", "dot")
	same.checkFine(t, "")
	if r := command(t, "trace", "show", checkout, "--dot"); r != same {
		t.Errorf("%+v", r)
	}
	command(t, "trace", "show", checkout, "--dot", "--json").checkFails(t, exitUsage, "can't be used together")
	r := command(t, "trace", "show", checkout, "--json", "--local-libs")
	if r.code != exitFine || !strings.HasPrefix(r.out, "{") || r.err != "sonde: --local-libs is not needed any more: the page of --html asks for nothing\n" {
		t.Errorf("%+v", r)
	}
	page := report.Output{Name: "html", Doc: "a page", Write: func(w io.Writer, r *report.Report, _ report.Options) error {
		_, err := fmt.Fprintf(w, "<!doctype html>%s", r.Trace)
		return err
	}, Text: true}
	if builtIn().named(page.Name).Write != nil {
		r = command(t, "trace", "show", checkout, "--html")
	} else {
		command(t, "trace", "show", checkout, "--html").checkFails(t, exitFailed, "^sonde: this command has no form html$")
		r = commandOf(t, page, "trace", "show", checkout, "--html")
	}
	if r.checkFine(t, ""); !strings.HasPrefix(strings.ToLower(r.out), "<!doctype html>") {
		t.Errorf("%.100q", r.out)
	}
}

// TestRenderDot draws with the real Graphviz.
func TestRenderDot(t *testing.T) {
	if _, err := exec.LookPath("dot"); err != nil {
		servertest.Missing(t, "Graphviz", "apt-get install graphviz")
	}
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	dir := t.TempDir()
	for name, begins := range map[string]string{"a.svg": "<?xml", "a.png": "\x89PNG", "a.pdf": "%PDF", "plain": "%PDF"} {
		file := filepath.Join(dir, name)
		r := command(t, "trace", "show", checkout, "--render-dot", file)
		if r.checkFine(t, ""); r.out != "" {
			t.Errorf("%s: %q", name, r.out)
		}
		if name == "plain" {
			file += ".pdf" // as OSProfiler's
		}
		if drawn, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(drawn), begins) || name == "a.svg" && !bytes.Contains(drawn, []byte("cart:http")) {
			t.Errorf("%s: %v, %.100q", name, err, drawn)
		}
	}
	both := command(t, "trace", "show", checkout, "--dot", "--render-dot", filepath.Join(dir, "both"))
	if both.checkFine(t, ""); !strings.HasPrefix(both.out, "digraph {") {
		t.Errorf("%q", both.out)
	}
	command(t, "trace", "show", checkout, "--render-dot", filepath.Join(dir, "none", "x.svg")).checkFails(t, exitFailed, "^sonde: Graphviz's dot: .*x.svg")
	command(t, "trace", "show", checkout, "--render-dot", "x", "--point", "1").checkFails(t, exitUsage, "--point and --render-dot")
}

// TestRenderDotMissing: who has no Graphviz is told how to get it.
func TestRenderDotMissing(t *testing.T) {
	url := store(t)
	t.Setenv("PATH", t.TempDir())
	command(t, "trace", "show", checkout, "--render-dot", filepath.Join(t.TempDir(), "x"), "--connection-string", url).
		checkFails(t, exitFailed, "^sonde: --render-dot needs Graphviz, .*apt install graphviz")
}

// TestGroupForms: several traces are one profile, and one table.
func TestGroupForms(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	r := command(t, "trace", "stats", checkout, refund, "--format", "folded")
	if r.checkFine(t, ""); r.out != "cart: http POST /checkout 90000\npayments: http POST /refund 1000000\n" {
		t.Errorf("%q", r.out)
	}
	if all := command(t, "trace", "stats", "--since", "2026-01-01", "--format", "folded"); len(all.out) != len(r.out) {
		t.Errorf("%q", all.out)
	}
	r = command(t, "trace", "stats", checkout, refund, checkout, "--format", "csv")
	r.checkFine(t, "")
	rows, err := csv.NewReader(strings.NewReader(r.out)).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][3] != "payments" && rows[2][3] != "payments" {
		t.Errorf("%v, %q", err, rows)
	}
	file := filepath.Join(t.TempDir(), "two.pprof")
	command(t, "trace", "stats", checkout, refund, "--format", "pprof", "--out", file).checkFine(t, "")
	cmd := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-top", "-symbolize=none", file)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "PPROF_TMPDIR="+t.TempDir())
	if out, err := cmd.Output(); err != nil || !regexp.MustCompile(`(?m)^ +1000ms .* payments: http POST /refund$`).Match(out) {
		t.Errorf("%v: %s", err, out)
	}
	r = command(t, "trace", "stats", checkout, "--format", "json")
	if r.checkFine(t, ""); !json.Valid([]byte(r.out)) {
		t.Errorf("%q", r.out)
	}
	command(t, "trace", "stats", checkout, "--format", "dot").checkFails(t, exitUsage, `--format must be one of "text","json","html","csv","pprof","folded"`)
}
