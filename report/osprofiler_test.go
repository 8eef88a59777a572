package report_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest"
)

// TestOSProfilerAgrees makes random traces and compares with the report of the
// OSProfiler on this machine.
func TestOSProfilerAgrees(t *testing.T) {
	python := servertest.Python(t)
	const seed, traces = 1, 400
	random := rand.New(rand.NewPCG(seed, 0))
	var in strings.Builder
	var want []string
	for range traces {
		payloads := randomTrace(random)
		fmt.Fprintf(&in, "[%s]\n", strings.Join(payloads, ","))
		want = append(want, toJSON(t, build(t, ofPayloads(payloads))))
	}
	file := filepath.Join(t.TempDir(), "traces")
	if err := os.WriteFile(file, []byte(in.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(python.Run(`
import json, sys
from osprofiler.drivers import base
for line in open(sys.argv[1]):
    driver = base.Driver("x")
    for n in json.loads(line):
        driver._append_results(n["trace_id"], n["parent_id"], n["name"], n["project"], n["service"],
                               n["info"]["host"], n["timestamp"], n)
    if driver.started_at and not driver.last_started_at:
        driver.last_started_at = driver.started_at  # as releases after 4.2 manage
        report = driver._parse_results()
        report["info"]["last_trace_started"] = None
    else:
        report = driver._parse_results()
    sys.stdout.write(json.dumps(report, indent=2, separators=(",", ": ")) + "\0")
`, file), "\x00")
	if len(got) != traces+1 {
		t.Fatalf("%d reports", len(got)-1)
	}
	for i := range traces {
		if got[i] != want[i] {
			checkText(t, want[i], got[i])
		}
	}
}

// TestOSProfilerReadsNumbered holds that OSProfiler's report of numbered records, each
// of them there twice, is the one of the same records without numbers, but for the
// payloads that it shows: no point is there twice, and no count is doubled.
func TestOSProfilerReadsNumbered(t *testing.T) {
	python := servertest.Python(t)
	file := filepath.Join(t.TempDir(), "trace")
	lines := append(numberedLines("cart", 7, 16, `"etype":"E",`), numberedLines("bank", 9, 3, "")...)
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	python.Run(`
import json, sys
from osprofiler.drivers import base

def report(records):
    driver = base.Driver("x")
    for n in records:
        driver._append_results(n["trace_id"], n["parent_id"], n["name"], n["project"], n["service"],
                               n["info"]["host"], n["timestamp"], n)
    return driver._parse_results()

def bare(node):
    if isinstance(node, dict):
        return {k: bare(v) for k, v in node.items() if not k.startswith("meta.raw_payload")}
    return [bare(n) for n in node] if isinstance(node, list) else node

numbered = [json.loads(line) for line in open(sys.argv[1])]
plain = [{k: v for k, v in n.items() if k != "sonde"} for n in numbered]
assert len(numbered) == 38 and all("sonde" in n for n in numbered)
want = report(plain)
assert len(want["children"]) == 19, len(want["children"])
for records in (numbered, numbered + numbered, [n for n in numbered for _ in "12"]):
    got = report(records)
    assert bare(got) == bare(want), (got, want)
    assert got["stats"] == want["stats"], got["stats"]
    assert got["children"][0]["info"]["meta.raw_payload.step-start"]["sonde"]["n"] > 0
`, file)
}

// randomTrace has a few points with ids, names, times and values that are
// often the same, odd or both.
func randomTrace(random *rand.Rand) (payloads []string) {
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	for range random.IntN(14) {
		names := []string{"db-start", "db-stop", "db-start", "db-stop", "wsgi-start", "wsgi-stop", "nonstop", "stop", "-stop", "", "a-b-start", `é\"`}
		times := []string{"2024-02-29T23:59:59.999999", "2024-03-01T00:00:00.000000", "2024-03-01T0:0:0.5", "2024-3-1T00:00:00.001999", "2024-03-01T00:00:00.002"}
		infos := []string{`{"host": "h"}`, `{"host": null}`, `{"host": 3, "etype": "E"}`, `{"etype": null, "host": "h"}`,
			`{"etype": {"a": 1.0}, "host": "h", "x": [NaN, 1e5, -0, "\ud800"]}`, `{"host": "a", "host": "\u00e9"}`}
		others := []string{`"p"`, `null`, `""`, `7`, `"\ud83d\ude00"`, `"\ud800"`}
		ids := []string{`"a"`, `"b"`, `"c"`, `"d"`, `"e"`, `1`}
		parents := append([]string{`"base"`, `null`, `"other"`, `""`}, ids...)
		if random.IntN(3) > 0 { // mostly a well-formed trace
			names, ids = names[:6], ids[:5]
		}
		payloads = append(payloads, fmt.Sprintf(
			`{"name": "%s", "base_id": "base", "trace_id": %s, "parent_id": %s, "timestamp": "%s", "info": %s, "project": %s, "service": %s, %s}`,
			pick(names...), pick(ids...), pick(parents...), pick(times...), pick(infos...), pick(others...), pick(others...),
			pick(`"more": 1`, `"sonde": {"from": "9f3c5a0e12ab34cd", "n": 7}`)))
	}
	return payloads
}
