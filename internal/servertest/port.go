package servertest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// freePort finds a free port of 127.0.0.1 below the range from which the
// kernel serves outgoing connections (32768 on Linux), so that nothing takes
// the port while its server is down.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 10000 + rand.IntN(22000)
		l, err := net.Listen("tcp", loopback(port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("found no free port on 127.0.0.1")
	return 0
}

func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
