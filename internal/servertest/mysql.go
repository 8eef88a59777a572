package servertest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// MySQL starts a MySQL server (not MariaDB) with the user "root", who has an
// empty password, and the empty database "test". It survives a Kill, but not a
// power cut. args are added to its command line. Debian's releases have no
// MySQL: scripts/install-mysql.sh unpacks one apart, where it can be had, and
// tests with it run only under SONDE_TEST_ALL=1. They are skipped without it
// even under SONDE_REQUIRE_SERVERS=1.
func MySQL(t testing.TB, args ...string) *Server {
	t.Helper()
	slow(t, "MySQL")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(cache, "sonde-servertest", "mysql")
	mysqld := filepath.Join(root, "usr/sbin/mysqld")
	if _, err := os.Stat(mysqld); err != nil || runtime.GOARCH != "amd64" {
		skip(t, "no MySQL for amd64 on this machine: scripts/install-mysql.sh")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lib := filepath.Join(root, "usr/lib/x86_64-linux-gnu")
	// It runs with the libc that it was built for.
	loader := filepath.Join(lib, "ld-linux-x86-64.so.2")
	common := []string{
		"--library-path", lib + ":" + filepath.Join(lib, "mysql/private") + ":" + filepath.Join(root, "usr/lib/mysql/private"),
		mysqld, "--no-defaults", "--user=" + me.Username,
		"--basedir=" + filepath.Join(root, "usr"), "--datadir=" + filepath.Join(dir, "data"),
		"--lc-messages-dir=" + filepath.Join(root, "usr/share/mysql"),
		"--plugin-dir=" + filepath.Join(root, "usr/lib/mysql/plugin"), "--secure-file-priv=",
	}
	output(t, exec.Command(loader, append(common, "--initialize-insecure")...))
	initFile := filepath.Join(dir, "init.sql")
	if err := os.WriteFile(initFile, []byte("CREATE DATABASE IF NOT EXISTS test;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	return start(t, dir, port, spec{
		name: "mysqld",
		path: loader,
		args: append(append(common, "--port="+strconv.Itoa(port), "--bind-address=127.0.0.1", "--mysqlx=OFF",
			"--socket=m.sock", "--pid-file="+filepath.Join(dir, "pid"), "--init-file="+initFile,
			"--innodb-flush-log-at-trx-commit=2", "--skip-log-bin", "--performance-schema=OFF"), args...),
		ready: mysqlGreets,
	})
}
