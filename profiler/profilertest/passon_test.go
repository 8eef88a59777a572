package profilertest

import "testing"

func TestPassOn(t *testing.T) { PassOn(t, func(fn func()) { fn() }) }
