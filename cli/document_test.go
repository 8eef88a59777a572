package cli

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// jsonAnswer decodes a document and wants it to be ASCII.
func jsonAnswer(t *testing.T, text string) (doc map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	for _, c := range []byte(text) {
		if c != '\n' && (c < ' ' || c > '~') {
			t.Fatalf("byte %#x in %q", c, text)
		}
	}
	if doc["version"] != 1.0 {
		t.Errorf("version %v", doc["version"])
	}
	return doc
}

func TestDocuments(t *testing.T) {
	t.Setenv("SONDE_HMAC_KEY", "a-key-that-nobody-guesses,old")
	url := store(t)
	to := "sqlite:///" + filepath.Join(t.TempDir(), "to.db")
	signed := jsonAnswer(t, command(t, "headers", "--format", "json", "--base-id", checkout, "--parent-id", refund).out)
	headers := signed["headers"].(map[string]any)
	info, hmac := headers["X-Trace-Info"].(string), headers["X-Trace-HMAC"].(string)
	for _, tt := range []struct {
		args []string
		code int
		want string // a JSON object; "*" is any text
	}{
		{[]string{"headers", "--base-id", checkout}, 0, `{"version":1,"trace":"` + checkout + `","headers":"*"}`},
		{[]string{"headers", "verify", "--info", info, "--hmac", hmac}, 0,
			`{"version":1,"traced":true,"reason":null,"trace":"` + checkout + `","parent":"` + refund + `","first_key":true}`},
		{[]string{"headers", "verify", "--info", info, "--hmac", hmac, "--hmac-key", "x,a-key-that-nobody-guesses"}, 0,
			`{"version":1,"traced":true,"reason":null,"trace":"` + checkout + `","parent":"` + refund + `","first_key":false}`},
		{[]string{"headers", "verify", "--info", info, "--hmac", strings.Repeat("0", 40)}, 1,
			`{"version":1,"traced":false,"reason":"*","trace":null,"parent":null,"first_key":null}`},
		{[]string{"trace", "copy", "--from", url, "--to", to, "--all"}, 0, `{"version":1,"traces":2,"records":4,"skipped":0,"why":null}`},
		{[]string{"trace", "prune", "--older-than", "2126-01-02", "--connection-string", to}, 0,
			`{"version":1,"removed":2,"older_than":"2126-01-02T00:00:00Z"}`},
	} {
		r := command(t, append(tt.args, "--format", "json")...)
		if r.code != tt.code {
			t.Errorf("%v: exit %d, stderr %q", tt.args, r.code, r.err)
		}
		got, want := jsonAnswer(t, r.out), jsonAnswer(t, tt.want)
		for name, value := range want {
			if any := value == "*"; any && got[name] == nil || !any && got[name] != value {
				t.Errorf("%v: %s is %v, want %v", tt.args, name, got[name], value)
			}
		}
		if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
			t.Errorf("%v: %s, want the members of %s", tt.args, r.out, tt.want)
		}
	}
}

// TestCheckDocument: the lines are those of the terminal.
func TestCheckDocument(t *testing.T) {
	for _, tt := range []struct {
		url    string
		code   int
		ok     bool
		result string
	}{
		{store(t), 0, true, "ok"},
		{"redis://127.0.0.1:1", 1, false, "failure"},
	} {
		args := []string{"check", "--hmac-key", "short-é", "--connection-string", tt.url}
		text, r := command(t, args...), command(t, append(args, "--format", "json")...)
		doc := jsonAnswer(t, r.out)
		if r.code != tt.code || doc["ok"] != tt.ok {
			t.Errorf("%s: exit %d, ok %v", tt.url, r.code, doc["ok"])
		}
		var lines strings.Builder
		for _, l := range doc["lines"].([]any) {
			line := l.(map[string]any)
			lines.WriteString((marks[line["result"].(string)] + "     ")[:5] + line["text"].(string) + "\n")
		}
		if got, want := anyID(lines.String()), anyID(text.out); got != want {
			t.Errorf("lines:\n%s\nthe terminal has:\n%s", got, want)
		}
		last := doc["lines"].([]any)[len(doc["lines"].([]any))-1].(map[string]any)
		if last["result"] != tt.result {
			t.Errorf("%s: the last line is %v", tt.url, last)
		}
	}
}

// anyID is text without what differs from run to run.
func anyID(text string) string {
	return regexp.MustCompile(`[0-9a-f-]{36}`).ReplaceAllString(text, "ID")
}

// TestDocumentsAreDescribed: docs/json.md has each member of each answer.
func TestDocumentsAreDescribed(t *testing.T) {
	text, err := os.ReadFile("../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range []any{signAnswer{}, verifyAnswer{}, copyAnswer{}, pruneAnswer{}, checkAnswer{Lines: []checkLine{{}}}} {
		raw, _ := json.Marshal(answer)
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
		for name := range doc {
			if !strings.Contains(string(text), "| `"+name+"` |") {
				t.Errorf("%T: no %s", answer, name)
			}
		}
	}
}
