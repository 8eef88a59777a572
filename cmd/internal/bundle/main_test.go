package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCommitted: what is committed is what the sources give.
func TestCommitted(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	for _, b := range bundles {
		want, err := build(filepath.Join(root, b.source))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(root, b.target))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s gives: go generate ./cmd/internal/bundle", b.target, b.source)
		}
	}
}

// TestWrongSource: an error has its place.
func TestWrongSource(t *testing.T) {
	source := filepath.Join(t.TempDir(), "wrong.ts")
	if err := os.WriteFile(source, []byte("let = 1 +"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := build(source); err == nil || !bytes.Contains([]byte(err.Error()), []byte("wrong.ts:1")) {
		t.Errorf("%v", err)
	}
}
