//go:build !linux

package faults

import "testing"

// Disk returns a folder on a disk of its own of size bytes, and a function that
// fills it up except for two pages; see [Server.Fill]. It skips the test on systems
// other than Linux, and if the user cannot mount, which is a failure under
// SONDE_REQUIRE_SERVERS=1.
func Disk(t *testing.T, _ int) (dir string, fill func(t *testing.T) (free func())) {
	t.Helper()
	t.Skip("only Linux has small disks")
	return "", nil
}
