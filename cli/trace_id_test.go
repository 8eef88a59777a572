package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTraceIDs: an id may be cut, as a list cuts it, wherever one is taken.
func TestTraceIDs(t *testing.T) {
	stores := listStores(t)
	for name, url := range stores {
		for text, want := range map[string]string{"last": twoEnds, "c": cartTrace, "c0000000": cartTrace, "b0000000-1": brokenTrace, "job": twoEnds, twoEnds: twoEnds, brokenTrace: brokenTrace} {
			r := command(t, "trace", "show", text, "--json", "--connection-string", url)
			if r.code != exitFine || !strings.Contains(r.out, `"parent_id": "`+want) {
				t.Errorf("%s: %q is not %s: %+v", name, text, want, r)
			}
			if r := command(t, "trace", "stats", text, "--format", "json", "--connection-string", url); r.code != exitFine {
				t.Errorf("%s: stats of %q: %+v", name, text, r)
			}
			to := "file://" + filepath.Join(t.TempDir(), "copy.jsonl")
			command(t, "trace", "copy", "--from", url, "--to", to, text).checkFine(t, "")
			if got := idsOf(t, command(t, "trace", "list", "--json", "--connection-string", to)); got != want {
				t.Errorf("%s: %q copied as %s", name, text, got)
			}
		}
		for _, args := range [][]string{{"trace", "show", "b0000000"}, {"trace", "show", "b0000000", "--live"}, {"trace", "diff", "last", "b0000000"}} {
			command(t, append(args, "--connection-string", url)...).
				checkFails(t, exitFailed, `^sonde: "b0000000" begins the ids of several traces: `+endlessTrace+`, `+brokenTrace+`$`)
		}
		command(t, "trace", "copy", "--from", url, "--to", "memory://ids", "b").checkFails(t, exitFailed, `^sonde: "b" begins the ids of several traces: `)
		command(t, "trace", "show", "nothing", "--connection-string", url).checkFails(t, exitFailed, "^sonde: trace nothing not found in ")
	}
	empty := "file://" + filepath.Join(t.TempDir(), "empty.jsonl")
	command(t, "trace", "show", "last", "--connection-string", empty).checkFails(t, exitFailed, "^sonde: there are no traces in file://")
}

// TestAmbiguous: however many traces an id may mean, and whatever they are called,
// the error is a line.
func TestAmbiguous(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	var lines strings.Builder
	for _, id := range []string{"x1", "x2", "x3", "x4", `x\u001b[31m\n`, "x6", "x7"} {
		lines.WriteString(`{"name":"a-start","base_id":"` + id + `","trace_id":"t","parent_id":"` + id + `","timestamp":"2026-01-02T03:04:05.000006","info":{"host":"h"},"project":"p","service":"s"}` + "\n")
	}
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	r := command(t, "trace", "show", "x", "--connection-string", "file://"+path)
	r.checkFails(t, exitFailed, `^sonde: "x" begins the ids of several traces: x7, x6, x4, x3, x2, …$`)
	if !regexp.MustCompile(`^[[:print:]…\n]*$`).MatchString(r.err) {
		t.Errorf("%q", r.err)
	}
}
