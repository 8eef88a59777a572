package redis

import (
	"context"
	"crypto/tls"
	"net"
)

// dialError says that there was no connection, so nothing was sent on it.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// dialer makes connections to Redis.
type dialer struct {
	net net.Dialer
	tls *tls.Config // nil: none
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.connect(ctx, network, addr)
	if err != nil {
		return nil, &dialError{err}
	}
	return conn, nil
}

func (d *dialer) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	if d.tls == nil {
		return d.net.DialContext(ctx, network, addr)
	}
	// The handshake is bounded by ctx only, not by the dialer's timeout.
	ctx, cancel := context.WithTimeout(ctx, d.net.Timeout)
	defer cancel()
	return (&tls.Dialer{NetDialer: &d.net, Config: d.tls}).DialContext(ctx, network, addr)
}
