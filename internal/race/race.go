//go:build race

// Package race tells tests whether they run under the race detector, which
// has sync.Pool forget at random, so that allocations cannot be counted.
// make test runs the tests named TestAlloc… without it as well.
package race

// Enabled says whether the race detector is on.
const Enabled = true
