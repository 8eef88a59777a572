package servertest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

const postgresInstall = "apt-get install postgresql"

// Postgres starts a PostgreSQL server with the user "postgres", who needs no
// password, and the empty database "test". It survives a Kill, as its
// processes write to the kernel, but not a power cut: fsync is off. args are
// added to its command line, for instance "-c", "max_connections=5".
func Postgres(t testing.TB, args ...string) *Server {
	t.Helper()
	bin := postgresBin(t)
	dir := t.TempDir()
	cred := postgresUser(t, dir)
	data := filepath.Join(dir, "data")

	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = attr(cred)
	output(t, initdb)

	port := freePort(t)
	portText := strconv.Itoa(port)
	s := start(t, dir, port, spec{
		name: "postgres",
		path: filepath.Join(bin, "postgres"),
		args: append([]string{"-D", data, "-p", portText, "-h", "127.0.0.1", "-k", "",
			"-c", "fsync=off", "-c", "full_page_writes=off"}, args...),
		cred: cred,
		term: syscall.SIGINT, // SIGTERM would wait for the clients
		ready: func(s *Server) error {
			return exec.Command(filepath.Join(bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", portText, "-U", "postgres").Run()
		},
	})
	output(t, exec.Command(filepath.Join(bin, "createdb"), "-h", "127.0.0.1", "-p", portText, "-U", "postgres", "test"))
	return s
}

// PostgresTLS starts a PostgreSQL server that offers TLS, and returns the PEM
// file of the certificate that clients have to trust.
func PostgresTLS(t testing.TB, args ...string) (s *Server, ca string) {
	t.Helper()
	cert, key := Certificate(t)
	if cred := postgresUser(t, filepath.Dir(key)); cred != nil {
		for _, file := range []string{cert, key} {
			if err := os.Chown(file, int(cred.Uid), int(cred.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return Postgres(t, append([]string{"-c", "ssl=on", "-c", "ssl_cert_file=" + cert, "-c", "ssl_key_file=" + key}, args...)...), cert
}

// postgresBin finds the folder of the newest PostgreSQL.
func postgresBin(t testing.TB) string {
	t.Helper()
	short(t, "postgres")
	newest, dir := 0, ""
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	for _, path := range found {
		bin := filepath.Dir(path)
		if v, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && v > newest {
			newest, dir = v, bin
		}
	}
	if dir != "" {
		return dir
	}
	return filepath.Dir(need(t, postgresInstall, "postgres"))
}

// postgresUser gives dir to the user "postgres" where the test runs as root,
// since the server refuses to.
func postgresUser(t testing.TB, dir string) *credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		Missing(t, "user postgres", postgresInstall)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err1 != nil || err2 != nil {
		t.Fatalf("user postgres has the ids %q and %q", u.Uid, u.Gid)
	}
	// The folder above is the test's own, and closed to others.
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &credential{Uid: uint32(uid), Gid: uint32(gid)}
}
