// Package nats is the driver that keeps traces in NATS JetStream. Import it for
// its schemes:
//
//	nats://user:password@host:4222/OSPROFILER
//	nats+tls://token@host1:4222,host2:4222
//
// The hosts are servers of one cluster, whose other servers the client finds
// itself; the first user or token given is used. The path names the stream;
// the default is OSPROFILER. Options, besides the common ones (see package
// drivers):
//
//	max_age=72h        how long records are kept; for ever by default
//	replicas=3         on how many servers of a cluster they are kept; default 1
//
// The first Notify creates the stream, on disk; if it exists, Notify sets max_age
// and replicas if the URL has them. A record is a message with the subject
// STREAM.<base id>, so that reading or deleting a trace touches no other. Its body
// is the record as JSON, its Nats-Msg-Id the trace id and the record's name: a
// record that is sent again within two minutes, the stream's window, is stored
// once. For the same time, a trace that was deleted cannot be stored again. What
// the servers leave unanswered for a second is sent again, under the same id, until
// socket_timeout is over: a cluster that has lost its leader answers again as soon
// as it has a new one.
//
// A record is acknowledged when the stream has it. With one replica it may still
// be lost in a power cut, since the server writes to the disk's cache (see its
// option sync_interval); with three it survives the loss of one server.
//
// Beside the records the stream has an index, empty messages with the subjects
// STREAM.index.>, from which a list of the newest traces learns which records to read.
// A list of all traces, of those of a service or of those that failed reads all
// records; its memory grows with the number of traces. The same is true of Prune, which
// then removes everything before the oldest trace that it keeps at once, and later old
// traces one by one.
package nats

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
)

type store struct {
	config  *config
	connect time.Duration
	limit   kit.Limit // of one exchange
	logger  *slog.Logger

	mu         sync.Mutex // held while connecting
	conn       *nats.Conn // nil: never connected
	js         jetstream.JetStream
	publishers []jetstream.JetStream // that no Notify uses

	entered entered // in the index, lately

	prepared atomic.Bool // the stream is as the URL says
}

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	c, err := configOf(u)
	if err != nil {
		return nil, err
	}
	limit := kit.Limit{Store: "NATS at " + c.servers(), Time: o.SocketTimeout}
	return &store{config: c, connect: min(o.ConnectTimeout, o.SocketTimeout), limit: limit, logger: o.Logger}, nil
}

// pause is how long the client waits before it tries to connect again, or to
// send what a cluster without a leader has refused.
const pause = 100 * time.Millisecond

var errLost = errors.New("the connection is lost")

// jetStream returns the connection. The first call makes it; from then on the
// client makes it anew when it is lost, and while it is lost jetStream fails.
func (d *store) jetStream(ctx context.Context) (jetstream.JetStream, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := ctx.Err(); err != nil { // Close may have come first
		return nil, err
	}
	if d.conn != nil {
		if !d.conn.IsConnected() {
			return nil, fmt.Errorf("NATS at %s: %w", d.config.servers(), errLost)
		}
		return d.js, nil
	}
	conn, err := d.dial(ctx)
	if errors.Is(err, nats.ErrTimeout) && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", kit.Limit{Store: "it", Time: d.connect}.Silent(), err)
	}
	if err != nil {
		return nil, fmt.Errorf("connecting to NATS at %s: %w", d.config.servers(), err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	d.conn, d.js = conn, js
	return js, nil
}

func (d *store) dial(ctx context.Context) (*nats.Conn, error) {
	timeout := d.connect
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline))
	}
	o := nats.GetDefaultOptions()
	o.Servers = d.config.urls()
	o.Name = "sonde"
	o.User, o.Password, o.Token = d.config.user, d.config.password, d.config.token
	o.Secure, o.TLSConfig = d.config.tls != nil, d.config.tls
	o.Timeout = timeout
	o.FlusherTimeout = d.connect // bounds a write to a server that does not read
	o.MaxReconnect = -1
	o.ReconnectWait = pause
	o.ReconnectBufSize = -1 // what is not sent at once is not sent
	o.IgnoreAuthErrorAbort = true
	o.PingInterval = 10 * time.Second
	o.AsyncErrorCB = func(_ *nats.Conn, _ *nats.Subscription, err error) {
		d.logger.Warn("NATS: "+err.Error(), "servers", d.config.servers())
	}
	o.DisconnectedErrCB = func(_ *nats.Conn, err error) {
		if err != nil {
			d.logger.Warn("NATS: connection lost: "+err.Error(), "servers", d.config.servers())
		}
	}
	o.ReconnectedCB = func(c *nats.Conn) {
		d.logger.Info("NATS: connected again", "server", c.ConnectedAddr())
	}
	return o.Connect()
}

// Terms implements [driver.Promising].
func (d *store) Terms() driver.Terms {
	return driver.Terms{
		Acknowledged: "in the stream, with replicas=1 in the system's cache (sync_interval): safe from the end of the server, not from a power cut",
		Listed:       "the index of the minutes in which they began, and their records; with a service or errors only, every record",
		Repeated:     "kept once within two minutes, else twice; readers ignore the second",
	}
}

func (d *store) Ping(ctx context.Context) error {
	js, err := d.jetStream(ctx)
	if err != nil {
		return explain(err)
	}
	return explain(d.request(ctx, func(ctx context.Context) error {
		_, err := js.AccountInfo(ctx)
		return err
	}))
}

func (d *store) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		d.conn.Close()
	}
	return nil
}

// explain says what may be wrong with a server that nobody answers for.
func explain(err error) error {
	if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse) {
		return fmt.Errorf("%w (is JetStream enabled, and has the stream a leader?)", err)
	}
	return err
}

// config is what a URL says.
type config struct {
	addrs                 []string // host:port
	user, password, token string
	stream                string
	maxAge                time.Duration // 0: not said
	replicas              int           // 0: not said
	tls                   *tls.Config   // nil: only if the server asks for it
}

func (c *config) servers() string { return strings.Join(c.addrs, ", ") }

func (c *config) urls() []string {
	urls := make([]string, len(c.addrs))
	for i, addr := range c.addrs {
		urls[i] = "nats://" + addr
	}
	return urls
}
