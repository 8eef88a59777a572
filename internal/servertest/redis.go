package servertest

import (
	"fmt"
	"strconv"
	"testing"
)

const redisInstall = "apt-get install redis-server"

// Redis starts a Redis server that writes every command to its append-only
// file, so that a restart loses nothing it acknowledged (a power cut of the
// machine could). args are added to its command line, for instance
// "--requirepass", "secret".
func Redis(t testing.TB, args ...string) *Server {
	t.Helper()
	return startRedis(t, freePort(t), append([]string{"--appendonly", "yes"}, args...)...)
}

func startRedis(t testing.TB, port int, args ...string) *Server {
	t.Helper()
	path := need(t, redisInstall, "redis-server")
	dir := t.TempDir()
	return start(t, dir, port, spec{
		name:  "redis-server",
		path:  path,
		args:  append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", ""}, args...),
		ready: redisAnswers,
	})
}

// redisAnswers waits for the answer to a PING: +PONG, or -NOAUTH where a
// password is asked for.
func redisAnswers(s *Server) error {
	reply := make([]byte, 5)
	if err := talk(s.Addr, "PING\r\n", reply); err != nil {
		return err
	}
	if r := string(reply); r != "+PONG" && r != "-NOAU" {
		return fmt.Errorf("answers %q", reply)
	}
	return nil
}
