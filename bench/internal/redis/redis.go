// Package redis starts a Redis for a benchmark.
package redis

import (
	"fmt"
	"net"
	"os/exec"
	"time"
)

// Start starts a server that keeps nothing on the disk, with the given settings, and
// returns its address. Stop ends it. The error wraps [exec.ErrNotFound] if the machine
// has none.
func Start(dir string, settings ...string) (addr string, stop func(), err error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	server := exec.Command(path, append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir}, settings...)...)
	if err := server.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = server.Process.Kill(); _ = server.Wait() }
	for range 100 {
		if c, err := net.Dial("tcp", addr); err == nil {
			return addr, stop, c.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("the redis-server that was started does not answer at %s", addr)
}
