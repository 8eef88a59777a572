package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
)

// hostile has what would steer a terminal or fool its reader: an escape, a C1
// control, DEL, a change of the direction of writing, a line's end.
const hostile = "a\x1b[31mb\u009b2Jc\x7fd\u202ee\u2066f\u200b\ng"

// checkHarmless wants only what a terminal prints.
func checkHarmless(t *testing.T, what, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%q: %U in %q", what, r, text)
			return
		}
	}
}

// TestHostileNames: whoever writes records chooses their names, and every
// command prints them.
func TestHostileNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	url := "file://" + path
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	trace := events(checkout, 1, `{"etype":"\u009b","message":"\u202e","host":"h"}`)
	for i := range trace {
		trace[i].Change(func(f *record.Fields) {
			f.Name, f.Service, f.Project, f.Host = hostile, hostile, hostile, hostile
			f.Time = time.Now().Add(time.Hour).UnixNano() // for check to complain about
		})
	}
	if err := d.Notify(t.Context(), trace); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// Written by others, with the characters as they are.
	raw := strings.ReplaceAll(`{"name":"RAW-start","base_id":"RAW","trace_id":"RAW","parent_id":"RAW","timestamp":"2026-01-02T03:04:05.000006","info":{"host":"RAW"},"project":"RAW","service":"RAW"}`,
		"RAW", strings.NewReplacer("\x1b", "", "\n", "").Replace(hostile))
	if _, err := file.WriteString(raw + "\n{\"broken\": \"" + hostile); err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(report, []byte("["+raw+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://h/\u202e\u009b")
		w.WriteHeader(http.StatusFound)
	}))
	defer answers.Close()
	for _, args := range [][]string{
		{"trace", "list"},
		{"trace", "list", "--json"},
		{"trace", "list", "--format", "json"},
		{"trace", "show", checkout},
		{"trace", "show", checkout, "--json"},
		{"trace", "show", checkout, "--format", "json"},
		{"trace", "show", report},
		{"trace", "show", report, "--json"},
		{"trace", "show", report, "--format", "json"},
		{"trace", "show", hostile},
		{"trace", "prune", "--older-than", "1h"},
		{"trace", "copy", "--from", url, "--to", "memory://hostile", "--all"},
		{"trace", "copy", "--from", url, "--to", "memory://hostile", hostile},
		{"check"},
		{"run", "--hmac-key", "k", "--wait", "0s", answers.URL},
		{"run", "--hmac-key", "k", "http://h/" + hostile},
		{"headers", "--hmac-key", "k", "--base-id", hostile},
	} {
		what, machine := strings.Join(args, " "), slices.Contains([]string{"json", "--json"}, args[len(args)-1])
		if !strings.Contains(what, "copy") && args[0] != "headers" {
			args = append(args, "--connection-string", url)
		}
		r := command(t, args...)
		checkHarmless(t, what, r.out)
		checkHarmless(t, what+", standard error", r.err)
		if machine && !json.Valid([]byte(r.out)) {
			t.Errorf("%q: no JSON: %+v", what, r)
		}
	}
	var list []map[string]any // with the probe of check, which a file keeps
	r := command(t, "trace", "list", "--json", "--connection-string", url)
	if err := json.Unmarshal([]byte(r.out), &list); err != nil || len(list) != 3 || list[0]["service"] != hostile {
		t.Errorf("%v in %s", err, r.out)
	}
}

// TestAnswerWriter: what a server answers is shown on a terminal as text that
// does nothing, however it is cut into pieces.
func TestAnswerWriter(t *testing.T) {
	const in = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n" + hostile + "中\tx\ry\xff\xe4\xb8"
	const want = "HTTP/1.1 200 OK\nA: b\n\na�[31mb�2Jc�d�e�f�\ng中\tx�y��"
	for _, piece := range []int{1, 2, 3, 7, len(in)} {
		var out strings.Builder
		a := answerWriter{w: &out, clean: true}
		for rest := in; rest != ""; {
			n := min(piece, len(rest))
			if _, err := a.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := a.close(); err != nil || out.String() != want {
			t.Errorf("in pieces of %d: %q, %v", piece, out.String(), err)
		}
	}
}
