package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestProcesses: what befalls the process of a check is that check's failure
// and no other's.
func TestProcesses(t *testing.T) {
	defer func(d time.Duration) { limit = d }(limit)
	limit = 300 * time.Millisecond
	script := filepath.Join(t.TempDir(), "child")
	err := os.WriteFile(script, []byte(`#!/bin/sh
case $4 in
0) echo '{"Check":0}'; echo noise; echo '{"Check":1,"Err":"wrong"}'; echo 'panic: oh' >&2; exit 2;;
3) echo '{"Check":3,"Caveat":"so so"}'; exec sleep 60;;
5) echo '{"Check":5}';;
esac
`), 0o700)
	if err != nil {
		t.Fatal(err)
	}
	want := []verdict{{}, {Err: "wrong"}, {Err: "the process died: panic: oh"}, {Caveat: "so so"},
		{Err: "not done after 300ms"}, {}, {Err: "the process ended"}}
	if got := runAll(script, "x", len(want)); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestSteady(t *testing.T) {
	if got := steady("a `T` of 127.0.0.1:8080 at 0xc000012345"); got != "a 'T' of … at …" {
		t.Error(got)
	}
}
