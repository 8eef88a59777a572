// Package messaging is the driver that sends traces as notifications over
// RabbitMQ, as OSProfiler does through oslo.messaging. Import it for its scheme:
//
//	messaging://user:password@host:5672/vhost
//	messaging://?transport_url=rabbit://user:password@host:5672/vhost
//	messaging://                                  with Options.TransportURL
//
// A transport URL is one of oslo.messaging for RabbitMQ (rabbit:// or kombu://):
// several brokers of a cluster have commas between them and are tried in turn;
// without a user it is guest, without a path the virtual host is "/". Its
// options are ssl=1 (TLS) and ssl_ca_file (PEM, in place of the system's
// authorities). The broker's certificate is always verified.
//
// Records are notifications of the topic "profiler" with the priority INFO: the
// exchange "openstack", the queue and the routing key "profiler.info", which
// the first Notify declares if they are not there. Those that are there are
// used as they are, durable ones too. A record is acknowledged when the broker
// has taken it. What Notify declares is what OSProfiler declares and is not
// durable: it does not outlive the broker, nor do the records in it.
//
// OSProfiler's reader takes all notifications out of the queue and drops those
// of other traces. This one looks at them and puts them back in their place,
// those of the wanted trace too, so that each trace can be shown any number of
// times. What it reads is what was in the queue when it began. While it reads,
// it alone is the queue's consumer; two readers wait for each other. The queue
// is read from its beginning for each trace and each list, up to two million
// messages: it is a way to another store, or for the few traces of a test
// system, more than a store. A quorum queue with a delivery limit counts each
// look at a message and drops it in the end; give it no limit.
//
// A queue without a reader grows for ever. Delete and Prune take traces out. To
// bound it, set a policy on the broker (an argument of the queue would be
// refused to OSProfiler, which declares the queue without any):
//
//	rabbitmqctl set_policy --apply-to queues profiler '^profiler\.info$' '{"max-length":1000000,"message-ttl":86400000}'
package messaging

import (
	"context"
	"log/slog"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
)

// The names that oslo.messaging makes of its default control_exchange, the
// topic and the priority.
const (
	exchangeName = "openstack"
	queueName    = "profiler.info"
)

func init() { drivers.Register("messaging", open) }

type store struct {
	config  *config
	connect time.Duration
	answer  time.Duration // may take so long
	idle    time.Duration
	logger  *slog.Logger

	publishing kit.Mutex
	publisher  *publisher // nil: not connected; guarded by publishing
	reading    kit.Mutex
}

func open(_ context.Context, url string, o drivers.Options) (driver.Driver, error) {
	c, err := parseURL(url, o.TransportURL)
	if err != nil {
		return nil, err
	}
	d := &store{
		config: c, connect: o.ConnectTimeout, answer: o.SocketTimeout, idle: o.IdleTimeout, logger: o.Logger,
		publishing: kit.NewMutex(), reading: kit.NewMutex(),
	}
	return d, nil
}

func (d *store) Ping(ctx context.Context) error {
	s, err := d.dial(ctx)
	if err != nil {
		return err
	}
	s.close()
	return nil
}

// closeLimit is how long saying goodbye may hold up Close.
const closeLimit = time.Second

func (d *store) Close() error {
	_ = d.publishing.Lock(context.Background())
	defer d.publishing.Unlock()
	d.hangUp()
	return nil
}
