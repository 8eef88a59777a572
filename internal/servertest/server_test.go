package servertest

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lifecycle takes a server through everything that can be done to it.
func lifecycle(t *testing.T, s *Server) {
	t.Helper()
	s.awaitAnswer()
	pids := tree(s.running())

	s.Freeze()
	for _, pid := range pids {
		if state, _, ok := stat(pid); ok && state != 'T' {
			t.Errorf("frozen: process %d of %v is in state %c", pid, pids, state)
		}
	}
	s.Thaw()
	s.awaitAnswer()

	s.Kill()
	isDown(t, s)
	s.Restart()
	s.Stop()
	isDown(t, s)
	s.Stop() // twice is once
	s.Restart()
	s.awaitAnswer()
	s.Freeze() // the end of the test has to cope with it
}

func isDown(t *testing.T, s *Server) {
	t.Helper()
	if s.Running() {
		t.Error("the server runs still")
	}
	conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
	if err == nil {
		conn.Close()
		t.Error("the port is open still")
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	var pids []int
	var dir string
	t.Run("server", func(t *testing.T) {
		s := Postgres(t)
		dir = s.Dir
		pids = tree(s.running())
		if len(pids) < 3 {
			t.Fatalf("PostgreSQL runs as %v only", pids)
		}
		s.Freeze()
	})
	for _, pid := range pids {
		if state, _, ok := stat(pid); ok && state != 'Z' {
			t.Errorf("process %d of %v still runs", pid, pids)
		}
	}
	if _, err := os.Stat(dir); dir != "" && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

func TestRedis(t *testing.T) {
	s := Redis(t)
	put := func(command, want string) {
		t.Helper()
		reply := make([]byte, len(want))
		if err := talk(s.Addr, command+"\r\n", reply); err != nil || string(reply) != want {
			t.Fatalf("%s: %q, %v; want %q", command, reply, err, want)
		}
	}
	put("SET kept 1", "+OK")
	lifecycle(t, s)
	s.Thaw()
	put("GET kept", "$1\r\n1")
}

func TestRedisPassword(t *testing.T) {
	s := Redis(t, "--requirepass", "secret")
	reply := make([]byte, 7)
	if err := talk(s.Addr, "GET x\r\n", reply); err != nil || string(reply) != "-NOAUTH" {
		t.Errorf("%q, %v", reply, err)
	}
}

func TestPostgres(t *testing.T) {
	s := Postgres(t)
	psql := func(sql string) string {
		t.Helper()
		return output(t, exec.Command("psql", "-qAtX", "-h", "127.0.0.1", "-p", strings.TrimPrefix(s.Addr, "127.0.0.1:"), "-U", "postgres", "-c", sql, "test"))
	}
	psql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
	lifecycle(t, s)
	s.Thaw()
	if got := psql("SELECT n FROM kept"); got != "7\n" {
		t.Errorf("kept %q", got)
	}
}

func TestMariaDB(t *testing.T) { testMySQL(t, MariaDB(t)) }
func TestMySQL(t *testing.T)   { testMySQL(t, MySQL(t)) }

func testMySQL(t *testing.T, s *Server) {
	t.Helper()
	query := func(sql string) string {
		t.Helper()
		return output(t, exec.Command("mariadb", "--no-defaults", "-N", "-h", "127.0.0.1", "-P", strings.TrimPrefix(s.Addr, "127.0.0.1:"), "-u", "root", "-e", sql, "test"))
	}
	query("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
	lifecycle(t, s)
	s.Thaw()
	if got := query("SELECT n FROM kept"); got != "7\n" {
		t.Errorf("kept %q", got)
	}
}

func TestPython(t *testing.T) {
	py := Python(t, "redis")
	if got := py.Run("import sys; print(sys.argv[1:])", "a b", "<"); got != "['a b', '<']\n" {
		t.Errorf("arguments arrive as %q", got)
	}
	_, err := py.Try("raise ValueError('so')")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(exit.Stderr), "ValueError: so") {
		t.Errorf("a failing script: %v", err)
	}
	out, err := py.OSProfiler("trace", "show", "--help")
	if err != nil || !strings.HasPrefix(out, "usage: osprofiler trace show") {
		t.Errorf("osprofiler: %q, %v", out, err)
	}
}
