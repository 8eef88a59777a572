package ui

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestDoubles: records that the store has more than once change no answer.
func TestDoubles(t *testing.T) {
	shop := bytes.TrimSpace(recorded(t))
	var pairs [][]byte
	for line := range bytes.SplitSeq(shop, []byte("\n")) {
		pairs = append(pairs, line, line)
	}
	shop = append(shop, '\n')
	store := func(text []byte) string {
		file := filepath.Join(t.TempDir(), "traces.jsonl")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + file
	}
	once := New(open(t, store(shop)), Options{})
	for way, text := range map[string][]byte{
		"all of it again": slices.Concat(shop, shop),
		"side by side":    append(bytes.Join(pairs, []byte("\n")), '\n'),
	} {
		twice := New(open(t, store(text)), Options{})
		for _, target := range []string{
			"/api/v1/traces", "/api/v1/traces?error-trace=true", "/api/v1/traces?limit=1&sort=points",
			"/api/v1/traces/" + shopTrace, "/api/v1/traces/" + shopTrace + "/findings", "/api/v1/traces/" + shopTrace + "/points/00000004",
			"/api/v1/stats", "/api/v1/diff?a=" + shopTrace + "&b=" + shopTrace,
		} {
			got, want := get(t, twice, target), get(t, once, target)
			if want.status != 200 || got.status != 200 || got.body != want.body {
				t.Errorf("%s, %s: %d %.2000s\nwant %d %.2000s", way, target, got.status, got.body, want.status, want.body)
			}
		}
	}
}
