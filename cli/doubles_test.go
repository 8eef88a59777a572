package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// doubled are stores with the records of the text, each more than once, by how they
// came to be so.
func doubled(t *testing.T, text []byte) map[string]string {
	t.Helper()
	lines := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(slices.Clone(lines[len(lines)-1]), '\n')
	var pairs []byte
	for _, line := range lines {
		pairs = append(append(pairs, line...), line...)
	}
	urls := map[string]string{}
	for way, text := range map[string][]byte{
		"all of it again":  slices.Concat(text, text),
		"side by side":     pairs,
		"half of it again": slices.Concat(append(slices.Clone(lines), lines[len(lines)/2:]...)...),
	} {
		file := filepath.Join(t.TempDir(), "doubled.jsonl")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		urls[way] = "file://" + file
	}
	return urls
}

// TestDoubles: what the command says of a store with records that are there more than
// once is what it says of one where they are not.
func TestDoubles(t *testing.T) {
	const id = "4f1c0f3e-3c1a-4a55-9d0e-2b1f0f7f9a11"
	file, err := filepath.Abs(filepath.Join("..", "report", "outputtest", "testdata", "shop.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	once := "file://" + file
	temporary := regexp.MustCompile(`file://\S*\.jsonl`)
	say := func(url string, args ...string) string {
		t.Helper()
		r := command(t, append(args, "--connection-string", url)...)
		if r.code != exitFine {
			t.Fatalf("%q: exit %d, %s", args, r.code, r.err)
		}
		return temporary.ReplaceAllString(r.out+r.err, "the store")
	}
	calls := [][]string{
		{"trace", "show", "--json", id},
		{"trace", "list"}, {"trace", "list", "--json"}, {"trace", "list", "--format", "json"},
		{"trace", "list", "--error-trace"}, {"trace", "list", "--sort", "duration"},
		{"trace", "stats"}, {"trace", "stats", "--format", "json"},
	}
	for _, form := range builtIn() {
		calls = append(calls, []string{"trace", "show", "--format", form.Name, id})
	}
	records := len(bytes.Split(bytes.TrimSpace(text), []byte("\n")))
	for way, url := range doubled(t, text) {
		t.Run(way, func(t *testing.T) {
			for _, args := range calls {
				if got, want := say(url, args...), say(once, args...); got != want {
					t.Errorf("%s says\n%.2000s\nwant\n%.2000s", strings.Join(args, " "), got, want)
				}
			}
			for _, which := range []string{id, "--all"} {
				to := filepath.Join(t.TempDir(), "copy.jsonl")
				r := command(t, "trace", "copy", "--from", url, "--to", "file://"+to, which)
				r.checkFine(t, "")
				if want := "copied 1 trace, " + plural(records, "record") + "\n"; r.out != want {
					t.Errorf("copy %s: %q, want %q", which, r.out, want)
				}
				copied, err := os.ReadFile(to)
				if err != nil {
					t.Fatal(err)
				}
				if n := bytes.Count(copied, []byte("\n")); n != records {
					t.Errorf("copy %s: %d records are in the copy, want %d", which, n, records)
				}
				if got, want := say("file://"+to, "trace", "show", id), say(once, "trace", "show", id); got != want {
					t.Errorf("the copy shows\n%s\nwant\n%s", got, want)
				}
			}
		})
	}
}

// TestCopyTellsRepeats: only the very same record is a repeat of another, and where it
// stands among those of its time does not matter.
func TestCopyTellsRepeats(t *testing.T) {
	lines := func(names ...string) (text string) {
		for _, name := range names {
			text += `{"name":"` + name + `","base_id":"` + checkout + `","trace_id":"` + refund + `","parent_id":"` + checkout +
				`","timestamp":"2026-01-02T03:04:05.000006","info":{"host":"h"},"project":"p","service":"s"}` + "\n"
		}
		return text
	}
	from := filepath.Join(t.TempDir(), "from.jsonl")
	text := lines("a-start", "b-start", "a-start", "a-stop", "b-start", "a-start") + strings.ReplaceAll(lines("a-start"), `"h"`, `"other"`)
	if err := os.WriteFile(from, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := command(t, "trace", "copy", "--from", "file://"+from, "--to", "file://"+filepath.Join(t.TempDir(), "to.jsonl"), "--all")
	r.checkFine(t, "")
	if r.out != "copied 1 trace, 4 records\n" {
		t.Error(r.out)
	}
}
