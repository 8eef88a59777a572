package servertest

import (
	"fmt"
	"runtime"
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

func TestMissing(t *testing.T) {
	tests := []struct{ require, want string }{
		{"", "skip: no such-server on this machine: apt-get install it"},
		{"0", "skip: no such-server on this machine: apt-get install it"},
		{"1", "fail: no such-server on this machine: apt-get install it"},
	}
	for _, tt := range tests {
		t.Setenv("SONDE_REQUIRE_SERVERS", tt.require)
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			need(r, "apt-get install it", "such-server")
		}()
		<-done
		if r.ended != tt.want {
			t.Errorf("SONDE_REQUIRE_SERVERS=%q: %q, want %q", tt.require, r.ended, tt.want)
		}
	}
}
