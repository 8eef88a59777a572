package servertest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// recorder is a test that only notes how it ended.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.ended = "skip: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.ended = "fail: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Name() string { return "TestX/y" }

// run has f end r's test.
func (r *recorder) run(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// TestSkipsAreRecorded: whoever skips, a line says which test and why.
func TestSkipsAreRecorded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short skips before anything is missing")
	}
	path := filepath.Join(t.TempDir(), "skipped")
	t.Setenv("SONDE_SKIPPED_FILE", path)
	t.Setenv("SONDE_REQUIRE_SERVERS", "")
	t.Setenv("SONDE_TEST_ALL", "")
	r := &recorder{TB: t}
	r.run(func() { need(r, "apt-get install it", "such-server") })
	r.run(func() { Collector(r) })
	if want := "skip: no OpenTelemetry Collector without SONDE_TEST_ALL=1 (make test-all)"; r.ended != want {
		t.Errorf("%q, want %q", r.ended, want)
	}
	got, err := os.ReadFile(path)
	const where = "\tgithub.com/sonde-go/sonde/internal/servertest\tTestX/y\n"
	want := "no such-server on this machine: apt-get install it" + where +
		"no OpenTelemetry Collector without SONDE_TEST_ALL=1 (make test-all)" + where
	if err != nil || string(got) != want {
		t.Errorf("recorded %q, %v, want %q", got, err, want)
	}

	t.Setenv("SONDE_REQUIRE_SERVERS", "1")
	r.run(func() { need(r, "apt-get install it", "such-server") })
	if again, err := os.ReadFile(path); err != nil || string(again) != want {
		t.Errorf("a failure was recorded as skipped: %q, %v", again, err)
	}

	t.Setenv("SONDE_REQUIRE_SERVERS", "")
	t.Setenv("SONDE_SKIPPED_FILE", filepath.Join(path, "x"))
	r.run(func() { need(r, "apt-get install it", "such-server") })
	if !strings.HasPrefix(r.ended, "fail: ") {
		t.Errorf("a skip that cannot be recorded: %q", r.ended)
	}
}

func TestMissing(t *testing.T) {
	if testing.Short() {
		t.Skip("-short skips before anything is missing")
	}
	t.Setenv("SONDE_SKIPPED_FILE", "")
	tests := []struct{ require, want string }{
		{"", "skip: no such-server on this machine: apt-get install it"},
		{"0", "skip: no such-server on this machine: apt-get install it"},
		{"1", "fail: no such-server on this machine: apt-get install it"},
	}
	for _, tt := range tests {
		t.Setenv("SONDE_REQUIRE_SERVERS", tt.require)
		r := &recorder{TB: t}
		r.run(func() { need(r, "apt-get install it", "such-server") })
		if r.ended != tt.want {
			t.Errorf("SONDE_REQUIRE_SERVERS=%q: %q, want %q", tt.require, r.ended, tt.want)
		}
	}
}
