package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// door is a socket and the address that people know it by.
type door struct {
	net.Listener
	address string
	tcp     bool
}

// listen opens all sockets, or none.
func listen(ctx context.Context, c *Config) (doors []door, err error) {
	defer func() {
		if err != nil {
			for _, d := range doors {
				d.Close()
			}
			doors = nil
		}
	}()
	for _, l := range c.Listeners {
		network := l.Addr().Network()
		d := door{Listener: l, address: network + "://" + l.Addr().String(), tcp: network != "unix"}
		doors = append(doors, d)
		if d.tcp {
			if err := c.mayListen(l.Addr().String()); err != nil {
				return doors, err
			}
		}
	}
	for _, address := range c.Listen {
		u, err := url.Parse(address)
		if err != nil {
			return doors, fmt.Errorf("the address %q: write unix:///path or tcp://127.0.0.1:port", address)
		}
		d := door{address: address}
		switch {
		case u.Scheme == "unix" && u.Host == "" && u.Path != "":
			d.Listener, err = listenUnix(ctx, c, u.Path)
		case u.Scheme == "tcp" && u.Port() != "" && u.Path == "":
			d.tcp = true
			d.Listener, err = listenTCP(ctx, c, u.Host)
			if err == nil {
				d.address = "tcp://" + d.Addr().String() // with the port, if it was 0
			}
		default:
			err = errors.New("write unix:///path or tcp://127.0.0.1:port")
		}
		if err != nil {
			return doors, fmt.Errorf("the address %s: %w", address, err)
		}
		doors = append(doors, d)
	}
	return doors, nil
}

func listenTCP(ctx context.Context, c *Config, host string) (net.Listener, error) {
	if err := c.mayListen(host); err != nil {
		return nil, err
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", host)
}

// mayListen says whether a TCP address may be listened on: one that only this machine
// reaches, or with TLS and a way to know who sends.
func (c *Config) mayListen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip := net.ParseIP(host)
	switch {
	case host == "localhost", ip != nil && ip.IsLoopback():
		return nil
	case c.TLS == nil:
		return errors.New("other machines reach it, so it needs TLS, and a token or the certificates of senders; tcp://127.0.0.1:PORT and unix sockets do without")
	case c.Token == "" && c.TLS.ClientCAs == nil:
		return errors.New("other machines reach it, so it needs a token or an authority for the certificates of senders")
	}
	return nil
}

// maxPath is how long the path of a socket may be, where that is the longest: on Linux.
const maxPath = 107

// listenUnix makes a socket, and its folder if there is none. One that a process which is gone has left is replaced;
// one that is answered is not.
func listenUnix(ctx context.Context, c *Config, path string) (net.Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("a path of %d bytes: sockets have at most %d", len(path), maxPath)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("its folder: %w", err)
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	// Nobody may connect before the mode and the group are what they should be.
	restore := narrowUmask()
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	restore()
	if err != nil {
		return nil, err
	}
	if c.SocketGroup != "" {
		if err := setGroup(path, c.SocketGroup); err != nil {
			l.Close()
			return nil, err
		}
	}
	if err := os.Chmod(path, c.SocketMode); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSocket == 0 {
		return errors.New("there is something else than a socket; it is not removed")
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err == nil {
		conn.Close()
		return errors.New("another agent listens there")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("there is a socket already: %w", err)
	}
	return os.Remove(path)
}

func setGroup(path, group string) error {
	g, err := user.LookupGroup(group)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return err
	}
	return os.Chown(path, -1, gid)
}
