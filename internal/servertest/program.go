package servertest

import "testing"

// Program starts a program that a test has built, in a folder of its own; ready says
// why it does not serve yet, nil as soon as it does.
func Program(t testing.TB, name, path string, args []string, ready func(*Server) error) *Server {
	t.Helper()
	return start(t, t.TempDir(), 0, spec{name: name, path: path, args: args, ready: ready})
}

// FreePort returns a port of loopback that nobody listened on a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	return freePort(t)
}
