package servertest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"
)

// Missing ends a test that needs something that this machine lacks: it skips the
// test, or fails it under SONDE_REQUIRE_SERVERS=1. install says how to get what is
// missing.
func Missing(t testing.TB, what, install string) {
	t.Helper()
	if os.Getenv("SONDE_REQUIRE_SERVERS") == "1" {
		t.Fatalf("no %s on this machine: %s", what, install)
	}
	skip(t, fmt.Sprintf("no %s on this machine: %s", what, install))
}

// skip skips a test whose server is not to be had, and writes a line of it to
// the end of the file that SONDE_SKIPPED_FILE names, if that is set: the reason,
// the package and the test, with tabs between. Tests that are skipped unseen
// look like tests that pass.
func skip(t testing.TB, reason string) {
	t.Helper()
	if err := record(t.Name(), reason); err != nil {
		t.Fatalf("%s; and the file of SONDE_SKIPPED_FILE cannot be written: %v", reason, err)
	}
	t.Skipf("%s", reason)
}

func record(test, reason string) error {
	path := os.Getenv("SONDE_SKIPPED_FILE")
	if path == "" {
		return nil
	}
	pkg := "?"
	if info, ok := debug.ReadBuildInfo(); ok {
		pkg = strings.TrimSuffix(info.Path, ".test")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s\t%s\t%s\n", reason, pkg, test) // one write: others write too
	return errors.Join(err, f.Close())
}

// need finds a program, also in the folders that a plain user's PATH lacks.
func need(t testing.TB, install string, names ...string) string {
	t.Helper()
	short(t, names[0])
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

// short skips a test with a server of its own under go test -short.
func short(t testing.TB, server string) {
	t.Helper()
	if testing.Short() {
		skip(t, "no "+server+" under -short")
	}
}

// slow skips a test whose server takes minutes to build or fetch the first time,
// unless SONDE_TEST_ALL=1 asks for it.
func slow(t testing.TB, server string) {
	t.Helper()
	if os.Getenv("SONDE_TEST_ALL") != "1" {
		skip(t, "no "+server+" without SONDE_TEST_ALL=1 (make test-all)")
	}
}
