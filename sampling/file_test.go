package sampling

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := New(Config{File: path}); err == nil {
		t.Error("a file that is not there is no error")
	}
	write("0.5x")
	if _, err := New(Config{File: path}); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a file that makes no sense: %v", err)
	}
	var log strings.Builder
	write("/cart=0")
	s := newSampler(t, Config{File: path, Rules: []Rule{{Rate: 1}}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	keeps := func() bool { return s.Begin(t.Context(), cart).Trace }
	if keeps() {
		t.Error("the rules of the file do not go before the others")
	}
	s.reload()
	if log.Len() > 0 {
		t.Errorf("a file that is as before: %s", &log)
	}
	write("/other=0")
	if s.reload(); !keeps() || !strings.Contains(log.String(), "have changed") {
		t.Errorf("the changed file does not hold: %s", &log)
	}
	log.Reset()
	write("/cart=often")
	s.reload()
	if s.reload(); !keeps() || strings.Count(log.String(), "stay as they are") != 1 {
		t.Errorf("a file that makes no sense: kept %v, logged %s", keeps(), &log)
	}
	log.Reset()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.reload()
	if s.reload(); !keeps() || strings.Count(log.String(), "stay as they are") != 1 {
		t.Errorf("a file that is gone: kept %v, logged %s", keeps(), &log)
	}
	write(strings.Repeat("#", maxFile+1))
	if s.reload(); !strings.Contains(log.String(), "longer than 64 KiB") {
		t.Errorf("a huge file: %s", &log)
	}
	write("/cart=0")
	if s.reload(); keeps() || s.Stats().Changes != 2 {
		t.Errorf("a file that is well again does not hold: %+v", s.Stats())
	}
}
