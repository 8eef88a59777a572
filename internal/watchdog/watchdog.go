// Package watchdog makes tests that would wait for ever fail instead, with the
// stacks of all goroutines. It has a single limit, which no slow machine reaches and
// which is far below that of go test, so a test's verdict never depends on it.
package watchdog

import (
	"runtime"
	"testing"
	"time"
)

var limit = 5 * time.Minute

// Await returns what it receives from c, or the zero value once c is closed. Like
// all functions of this package it must be called from the goroutine of the test.
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

// Send sends v to c, waiting for a receiver.
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

// Until calls ok repeatedly until it returns true.
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
