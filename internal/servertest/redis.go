package servertest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
)

const redisInstall = "apt-get install redis-server"

// durable has Redis write every command to its append-only file before it
// answers, so that a Kill loses nothing that was acknowledged; a power cut
// could. With Redis' default, "everysec", it could too: while one of its
// fsyncs runs, Redis answers first and writes later.
var durable = []string{"--appendonly", "yes", "--appendfsync", "no"}

// Redis starts a Redis server that loses nothing in a Kill. args are added to
// its command line, for instance "--requirepass", "secret".
func Redis(t testing.TB, args ...string) *Server {
	t.Helper()
	return startRedis(t, freePort(t), slices.Concat(durable, args)...)
}

// RedisTLS starts a Redis server that speaks TLS only, and returns the PEM file
// of the certificate that clients have to trust. They need none themselves.
func RedisTLS(t testing.TB, args ...string) (s *Server, ca string) {
	t.Helper()
	cert, key := Certificate(t)
	port := freePort(t)
	path := need(t, redisInstall, "redis-server")
	dir := t.TempDir()
	s = start(t, dir, port, spec{
		name: "redis-server",
		path: path,
		args: append([]string{"--port", "0", "--tls-port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "",
			"--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no"}, args...),
		ready: func(s *Server) error { return talk(s.Addr, "", nil) },
	})
	return s, cert
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
