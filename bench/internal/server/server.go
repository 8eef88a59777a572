// Package server starts servers for benchmarks.
package server

import (
	"fmt"
	"net"
	"os/exec"
	"time"
)

// FreeAddr is an address of this machine on which nothing listens.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Redis starts a Redis that keeps nothing on the disk, with the given settings, and
// returns its address. Stop ends it. The error wraps [exec.ErrNotFound] if the machine
// has none.
func Redis(dir string, settings ...string) (addr string, stop func(), err error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, err
	}
	if addr, err = FreeAddr(); err != nil {
		return "", nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
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
