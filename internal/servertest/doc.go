// Package servertest starts real servers for tests, each in a temporary folder
// on a free port of 127.0.0.1 from the program on the machine, and waits until
// it answers. A server that is running on the machine already is never used.
//
// A server whose program is missing skips the test with a line that says how to
// install it; with SONDE_REQUIRE_SERVERS=1 in the environment that is a
// failure. scripts/install-test-deps.sh installs all of them. Under go test
// -short all tests with servers of this package are skipped. If the environment
// names a file in SONDE_SKIPPED_FILE, each skipped test adds a line to it: the
// reason, the package and the test, with tabs between.
//
// Servers that no package brings are built from the Go modules under src, each
// once, into the user's cache folder. Those that take minutes to build are
// tested with only under SONDE_TEST_ALL=1.
//
// Every server can be stopped, killed, frozen and started again at its
// address, and is gone when the test ends.
package servertest
