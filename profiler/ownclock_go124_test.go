//go:build !go1.25

package profiler_test

import "testing"

func onOwnClock(t *testing.T, _ func(*testing.T)) {
	t.Skip("testing/synctest came with Go 1.25")
}

func settle() {}
