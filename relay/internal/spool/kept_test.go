package spool

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// kept is the data folder of an agent of the first version, which was killed. It is
// never made anew: each later version has to read it.
const kept = "testdata/v1.tar.gz"

// TestFirstVersion: what the first version spooled comes out, and what is put behind it.
func TestFirstVersion(t *testing.T) {
	dir := t.TempDir()
	unpack(t, dir)
	s := open(t, Config{Dir: dir})
	all := batches(0, 40)
	if st, err := s.State(t.Context()); err != nil || st.Messages != 40 {
		t.Fatalf("%+v, %v", st, err)
	}
	put(t, s, batches(40, 1))
	same(t, drain(t, s), append(all, batches(40, 1)...))
}

func unpack(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Open(kept)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		path := filepath.Join(dir, h.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
