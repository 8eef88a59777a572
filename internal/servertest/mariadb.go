package servertest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
)

const mariadbInstall = "apt-get install mariadb-server"

// MariaDB starts a MariaDB server with the user "root", who has an empty
// password, and the empty database "test". It survives a Kill, but not a power
// cut. args are added to its command line, for instance "--max-connections=5".
func MariaDB(t testing.TB, args ...string) *Server {
	t.Helper()
	path := need(t, mariadbInstall, "mariadbd")
	install := need(t, mariadbInstall, "mariadb-install-db")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	output(t, exec.Command(install, "--no-defaults", "--user="+me.Username, "--datadir="+data,
		"--auth-root-authentication-method=normal", "--skip-test-db"))
	initFile := filepath.Join(dir, "init.sql")
	if err := os.WriteFile(initFile, []byte("CREATE DATABASE IF NOT EXISTS test;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	return start(t, dir, port, spec{
		name: "mariadbd",
		path: path,
		// The socket is named relative to the data: a long path is refused.
		args: append([]string{"--no-defaults", "--user=" + me.Username, "--datadir=" + data,
			"--tmpdir=" + data, // servers of other tests clear the system's
			"--port=" + strconv.Itoa(port), "--bind-address=127.0.0.1", "--socket=m.sock",
			"--pid-file=" + filepath.Join(dir, "pid"), "--init-file=" + initFile,
			"--innodb-flush-log-at-trx-commit=2", "--skip-log-bin"}, args...),
		ready: mysqlGreets,
	})
}

// MariaDBTLS starts a MariaDB server that offers TLS, and returns the PEM file
// of the certificate that clients have to trust.
func MariaDBTLS(t testing.TB, args ...string) (s *Server, ca string) {
	t.Helper()
	cert, key := Certificate(t)
	return MariaDB(t, append([]string{"--ssl-cert=" + cert, "--ssl-key=" + key, "--ssl-ca=" + cert}, args...)...), cert
}

// mysqlGreets waits for the server's greeting: a packet of protocol 10.
func mysqlGreets(s *Server) error {
	greeting := make([]byte, 5)
	if err := talk(s.Addr, "", greeting); err != nil {
		return err
	}
	if greeting[4] != 10 {
		return fmt.Errorf("greets with %q", greeting)
	}
	return nil
}
