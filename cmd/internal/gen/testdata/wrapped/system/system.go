//go:build linux && !tiny

package system

// use calls what is not there before it is generated.
func use(c Clock) any { return NewClockTraced(c) }
