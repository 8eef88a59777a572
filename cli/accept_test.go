package cli

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// failingTrace is a file with a trace in which a query fails, and nearly all time is
// its.
func failingTrace(t *testing.T) (file string, found *findings.Result) {
	t.Helper()
	text := `
{"name":"http-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"request":{"method":"GET","path":"/cart"}}}
{"name":"db-start","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.010000","service":"shop","info":{"db":{"statement":"SELECT * FROM carts WHERE id = 7"}}}
{"name":"db-stop","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.950000","service":"shop","info":{"etype":"E","message":"gone"}}
{"name":"http-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:01.000000","service":"shop","info":{"response":{"status_code":500},"sonde":{"lost":2}}}
`
	file = filepath.Join(t.TempDir(), "trace.jsonl")
	write(t, file, text)
	r, err := report.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return file, findings.Find(r, findings.Options{})
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// signatureOf is that of the finding of a kind.
func signatureOf(t *testing.T, found *findings.Result, k findings.Kind) string {
	t.Helper()
	for _, f := range found.Findings {
		if f.Kind == k {
			return f.Signature
		}
	}
	t.Fatalf("there is no %s", k)
	return ""
}

const notJudged = "sonde: not judged: 2 records lost: what is missing may be the cause\n"

func TestFailOn(t *testing.T) {
	file, found := failingTrace(t)
	failure, slow := signatureOf(t, found, findings.Failure), signatureOf(t, found, findings.Slow)
	failed := "sonde: " + failure + ": SELECT * FROM carts WHERE id = ? (shop) failed: gone (E); GET /cart (shop) went on\n"
	plain := command(t, "trace", "show", file)
	plain.checkFine(t, "")

	r := command(t, "trace", "show", file, "--fail-on", "unfinished,skew")
	if r.checkFine(t, notJudged); r.out != plain.out {
		t.Error(r.out)
	}
	r = command(t, "trace", "show", file, "--fail-on", "skew,failure")
	if want := notJudged + failed + "sonde: 1 finding (--fail-on skew,failure)\n"; r.code != exitFailed || r.err != want || r.out != plain.out {
		t.Errorf("exit %d, %s\nwant %s", r.code, r.err, want)
	}
	r = command(t, "trace", "show", file, "--fail-on", "any", "--format", "sarif")
	if r.code != exitFailed || !strings.HasPrefix(r.err, notJudged+failed) || !strings.Contains(r.err, "\nsonde: "+slow+": ") || !strings.HasSuffix(r.err, "\nsonde: 3 findings (--fail-on any)\n") || !json.Valid([]byte(r.out)) {
		t.Errorf("exit %d, %s", r.code, r.err)
	}

	accept := filepath.Join(t.TempDir(), ".sonde-accept")
	write(t, accept, failure+" anna 2026-11-01 - known\n")
	command(t, "trace", "show", file, "--fail-on", "failure", "--accept", accept).checkFine(t, notJudged)
	if r := command(t, "trace", "show", file, "--fail-on", "slow", "--accept", accept); r.code != exitFailed {
		t.Errorf("%+v", r)
	}

	command(t, "trace", "show", file, "--fail-on", "bogus").checkFails(t, exitUsage, `--fail-on must be one of "any","failure",`)
	command(t, "trace", "show", file, "--fail-on", "any", "--point", "1").checkFails(t, exitUsage, `can't be used together`)
}

// TestRunFailOn: a request whose trace has a finding fails, after the trace is shown.
func TestRunFailOn(t *testing.T) {
	url := store(t)
	server := service(t, url, "k", func(_ http.ResponseWriter, r *http.Request) {
		_, p := profiler.Start(r.Context(), "price")
		p.Fail(errors.New("gone"))
	})
	args := []string{"run", "--wait", "2m", "--hmac-key", "k", "--connection-string", url, server.URL + "/cart", "--fail-on"}
	r := command(t, append(args, "failure")...)
	if r.code != exitFailed || !strings.Contains(r.out, "1 failure price (cart) failed: gone") ||
		!strings.Contains(r.err, "\nsonde: failure:cart:") || !strings.HasSuffix(r.err, "\nsonde: 1 finding (--fail-on failure)\n") {
		t.Errorf("%+v", r)
	}
	if r := command(t, append(args, "unfinished")...); r.code != exitFine {
		t.Errorf("%+v", r)
	}
}

func TestAccept(t *testing.T) {
	file, found := failingTrace(t)
	failure, slow := signatureOf(t, found, findings.Failure), signatureOf(t, found, findings.Slow)
	accept := filepath.Join(t.TempDir(), ".sonde-accept")
	show := func(lines ...string) result {
		write(t, accept, strings.Join(lines, "\n"))
		return command(t, "trace", "show", file, "--accept", accept)
	}
	words := "failed: gone"

	r := show("# none")
	if r.checkFine(t, ""); !strings.Contains(r.out, words) || strings.Contains(r.out, "accepted") {
		t.Error(r.out)
	}
	today, yesterday := time.Now().UTC().Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	r = show(failure+" anna 2026-11-01 "+today+" known", slow+" bob 2026-11-01 - known")
	if r.checkFine(t, ""); strings.Contains(r.out, words+" (E)") || !strings.Contains(r.out, "\n2 findings accepted\n") || !strings.Contains(r.out, "1 lost ") {
		t.Error(r.out)
	}
	r = show(failure+" anna 2026-11-01 "+yesterday+" known", "", "slow:x:1 bob 2026-11-01 - known", "slow:x:2 bob 2026-11-01 - known")
	want := "sonde: " + accept + ", line 1: expired on " + yesterday + ": " + failure + "\n" +
		"sonde: " + accept + ": 2 of 3 not found in this trace: line 3, 4\n"
	if r.code != exitFine || r.err != want || !strings.Contains(r.out, words) || strings.Contains(r.out, "accepted") {
		t.Errorf("%s\nwant %s\n%s", r.err, want, r.out)
	}
	show("slow").checkFails(t, exitUsage, `^sonde: --accept: .*\.sonde-accept: line 1: want the signature`)
	command(t, "trace", "show", file, "--accept", accept+"x").checkFails(t, exitUsage, "no such file")
}
