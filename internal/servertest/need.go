package servertest

import (
	"os"
	"os/exec"
	"testing"
)

// Missing ends a test that needs something that this machine lacks: it skips
// it, or fails it under SONDE_REQUIRE_SERVERS=1. install says how to get what
// is missing.
func Missing(t testing.TB, what, install string) {
	t.Helper()
	if os.Getenv("SONDE_REQUIRE_SERVERS") == "1" {
		t.Fatalf("no %s on this machine: %s", what, install)
	}
	t.Skipf("no %s on this machine: %s", what, install)
}

// need finds a program, also in the folders that a plain user's PATH lacks.
func need(t testing.TB, install string, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, dir := range []string{"", "/usr/bin/", "/usr/sbin/"} {
			if path, err := exec.LookPath(dir + name); err == nil {
				return path
			}
		}
	}
	Missing(t, names[0], install)
	return ""
}

// slow skips a test whose server takes minutes to build the first time, unless
// SONDE_TEST_ALL=1 asks for it.
func slow(t testing.TB) {
	t.Helper()
	if os.Getenv("SONDE_TEST_ALL") != "1" {
		t.Skip("set SONDE_TEST_ALL=1 to build this server and test with it")
	}
}
