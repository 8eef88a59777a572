package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers/kit"
)

// sentinels finds the primary of a set for each new connection. When it is a
// new one, the connections to the old are closed.
type sentinels struct {
	dialer  *dialer
	name    string        // of the set
	timeout time.Duration // of one answer

	mu      sync.Mutex
	addrs   []string // the one that answered last is first
	primary string
	conns   map[*primaryConn]struct{}
}

// primaryConn is a connection to the primary of its time.
type primaryConn struct {
	net.Conn
	owner *sentinels
}

func (c *primaryConn) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.conns, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}

// SyscallConn lets go-redis see that an idle connection was closed.
func (c *primaryConn) SyscallConn() (syscall.RawConn, error) {
	conn, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return conn.SyscallConn()
}

// dial connects to the primary, whatever address is asked for.
func (s *sentinels) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	primary, err := s.find(ctx)
	if err != nil {
		return nil, &dialError{err}
	}
	conn, err := s.dialer.dial(ctx, network, primary)
	if err != nil {
		return nil, err
	}
	c := &primaryConn{conn, s}
	s.mu.Lock()
	defer s.mu.Unlock()
	if primary != s.primary {
		for old := range s.conns {
			_ = old.Conn.Close()
		}
		s.primary, s.conns = primary, map[*primaryConn]struct{}{}
	}
	s.conns[c] = struct{}{}
	return c, nil
}

// find asks one sentinel after the other for the primary.
func (s *sentinels) find(ctx context.Context) (string, error) {
	s.mu.Lock()
	addrs := slices.Clone(s.addrs)
	s.mu.Unlock()
	var failed []error
	for i, addr := range addrs {
		primary, err := s.ask(ctx, addr)
		if err == nil {
			s.mu.Lock()
			s.addrs = slices.Insert(slices.Delete(addrs, i, i+1), 0, addr)
			s.mu.Unlock()
			return primary, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		failed = append(failed, fmt.Errorf("sentinel %s: %w", addr, err))
	}
	return "", fmt.Errorf("asking for the primary of %s: %w", s.name, errors.Join(failed...))
}

// ask asks one sentinel over a connection of its own: a failover is rare, and
// so are new connections.
func (s *sentinels) ask(ctx context.Context, addr string) (string, error) {
	client := redis.NewSentinelClient(&redis.Options{
		Addr:            addr,
		Dialer:          s.dialer.dial,
		DialTimeout:     s.dialer.net.Timeout,
		DialerRetries:   1,
		ReadTimeout:     s.timeout,
		WriteTimeout:    s.timeout,
		MaxRetries:      -1,
		Protocol:        2,
		DisableIdentity: true,
	})
	defer client.Close()
	host, err := client.GetMasterAddrByName(ctx, s.name).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return "", fmt.Errorf("knows no set %q", s.name)
	case timedOut(err) && !unsent(err) && ctx.Err() == nil:
		return "", kit.Limit{Store: "it", Time: s.timeout}.Silent()
	case err != nil:
		return "", err
	case len(host) != 2:
		return "", fmt.Errorf("answers %q", host)
	}
	return net.JoinHostPort(host[0], host[1]), nil
}
