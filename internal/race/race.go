//go:build race

// Package race tells tests whether they run under the race detector, which makes
// sync.Pool drop items at random, so that allocations cannot be counted. make test
// also runs the tests named TestAlloc… without it.
package race

// Enabled reports whether the race detector is on.
const Enabled = true
