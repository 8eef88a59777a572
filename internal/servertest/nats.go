package servertest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// NATS starts a NATS server with JetStream as a process of its own, which can be
// killed and frozen; natstest has newer ones inside the test program. args are
// added to its command line, for instance "--user", "sonde", "--pass", "secret".
func NATS(t testing.TB, args ...string) *Server {
	t.Helper()
	return startNATS(t, freePort(t), args...)
}

// NATSCluster starts three servers that are a cluster. It has a leader, and
// streams can be made, a few seconds later.
func NATSCluster(t testing.TB) []*Server {
	t.Helper()
	var routes []string
	for range 3 {
		routes = append(routes, "nats://"+loopback(freePort(t)))
	}
	var nodes []*Server
	for i, route := range routes {
		nodes = append(nodes, startNATS(t, freePort(t),
			"--name", "node"+strconv.Itoa(i), "--cluster_name", "sonde", "--cluster", route, "--routes", strings.Join(routes, ",")))
	}
	return nodes
}

func startNATS(t testing.TB, port int, args ...string) *Server {
	t.Helper()
	path := need(t, "apt-get install nats-server", "nats-server")
	dir := t.TempDir()
	return start(t, dir, port, spec{
		name: "nats-server",
		path: path,
		args: append([]string{"--addr", "127.0.0.1", "--port", strconv.Itoa(port), "--jetstream", "--store_dir", dir}, args...),
		ready: func(s *Server) error {
			greeting := make([]byte, 5)
			if err := talk(s.Addr, "", greeting); err != nil {
				return err
			}
			if string(greeting) != "INFO " {
				return fmt.Errorf("answers %q", greeting)
			}
			return nil
		},
	})
}
