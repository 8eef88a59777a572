// Package watchdog makes tests that would wait for ever fail instead, with the
// stacks of all goroutines. It has one limit, which no slow machine reaches and
// which go test's own is far from, so a test's verdict never depends on it.
package watchdog

import (
	"runtime"
	"testing"
	"time"
)

var limit = 5 * time.Minute

// Await returns what comes from c, the zero value once it is closed. It belongs
// to the goroutine that runs the test, as all of this package does.
func Await[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case v = <-c:
	case <-timer.C:
		bite(t, what)
	}
	return v
}

// Send sends v as soon as somebody takes it.
func Send[T any](t testing.TB, what string, c chan<- T, v T) {
	t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case c <- v:
	case <-timer.C:
		bite(t, what)
	}
}

// Until asks again and again until ok.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			bite(t, what)
			return
		}
	}
}

func bite(t testing.TB, what string) {
	t.Helper()
	stacks := make([]byte, 1<<20)
	t.Fatalf("waited for %s in vain\n%s", what, stacks[:runtime.Stack(stacks, true)])
}
