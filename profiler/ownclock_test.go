//go:build go1.25

package profiler_test

import (
	"testing"
	"testing/synctest"
)

// onOwnClock runs a test whose clock stands still but when all its goroutines
// wait. Go 1.24, on which this module still builds, skips it.
func onOwnClock(t *testing.T, f func(*testing.T)) { synctest.Test(t, f) }

// settle waits until all other goroutines of the test wait.
func settle() { synctest.Wait() }
