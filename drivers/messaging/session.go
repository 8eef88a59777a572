package messaging

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/drivers/kit"
)

// session is one connection to a broker. The client's calls take no context;
// cut, from any goroutine, ends them.
type session struct {
	net   net.Conn
	conn  *amqp.Connection
	limit kit.Limit // of one exchange
}

// dial connects to the first broker that lets it.
func (d *store) dial(ctx context.Context) (*session, error) {
	var failures []error
	for i := range d.config.hosts {
		h := &d.config.hosts[i]
		var s *session
		err := kit.Limit{Store: "it", Time: d.answer}.Do(ctx, func(ctx context.Context) (err error) {
			s, err = d.dialHost(ctx, h)
			return err
		})
		if err == nil {
			return s, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", h.Addr, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("connecting to RabbitMQ at %w", errors.Join(failures...))
}

func (d *store) dialHost(ctx context.Context, h *kit.Host) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, d.connect)
	defer cancel()
	plain, err := (&net.Dialer{}).DialContext(ctx, "tcp", h.Addr)
	if err != nil {
		return nil, err
	}
	s := &session{net: plain, limit: kit.Limit{Store: "RabbitMQ at " + h.Addr, Time: d.answer}}
	stop := context.AfterFunc(ctx, s.cut)
	defer stop()
	stream := plain
	if d.config.tls != nil {
		if stream, err = secure(ctx, plain, d.config.tls, h.Addr); err != nil {
			s.cut()
			return nil, err
		}
	}
	s.conn, err = amqp.Open(stream, amqp.Config{
		SASL:      []amqp.Authentication{&amqp.PlainAuth{Username: h.User, Password: h.Password}},
		Vhost:     d.config.vhost,
		FrameSize: 131072,
		Heartbeat: 10 * time.Second,
		Locale:    "en_US",
	})
	if err != nil {
		s.cut()
		if cause := context.Cause(ctx); cause != nil {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		return nil, err
	}
	return s, nil
}

func secure(ctx context.Context, plain net.Conn, c *tls.Config, addr string) (net.Conn, error) {
	if c.ServerName == "" {
		c = c.Clone()
		c.ServerName, _, _ = net.SplitHostPort(addr)
	}
	stream := tls.Client(plain, c)
	return stream, stream.HandshakeContext(ctx)
}

// cut drops the connection without a word.
func (s *session) cut() { _ = s.net.Close() }

// close says goodbye, unless the broker takes too long to answer.
func (s *session) close() {
	timer := time.AfterFunc(closeLimit, s.cut)
	defer timer.Stop()
	_ = s.conn.Close()
	s.cut()
}

// code is the reply code of AMQP 0-9-1 that an error carries, 0 for none.
func code(err error) int {
	var e *amqp.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}
