// Package messaging is the driver that sends traces as notifications over
// RabbitMQ, as OSProfiler does through oslo.messaging. Import it for its scheme:
//
//	messaging://user:password@host:5672/vhost
//	messaging://?transport_url=rabbit://user:password@host:5672/vhost
//	messaging://                                  with transport_url in Options.Params
//
// A transport URL is one of oslo.messaging for RabbitMQ (rabbit:// or kombu://).
// Several brokers of a cluster are separated by commas and tried in turn. The
// default user is guest, the default virtual host "/". The options are the common
// ones, see package drivers, including oslo.messaging's ssl=1 and ssl_ca_file, and
// idle_timeout: how long a reader waits for the next message that should be there
// (1 s).
//
// With two options the driver declares an exchange and a queue of its own, both of
// the given name, in place of OSProfiler's, for sites where no Python service writes
// or reads traces:
//
//	messaging://user:password@host:5672/vhost?queue=sonde&durable=true
//
// With durable=true they survive a restart of the broker, and so does each
// acknowledged record, which is then on the broker's disk. If something that is not
// durable exists under the name, Notify fails. OSProfiler's queue is then neither
// read nor written.
//
// Otherwise records are notifications of the topic "profiler" with the priority
// INFO: the exchange "openstack", and the queue and routing key "profiler.info". The
// first Notify declares them if they do not exist; existing ones are used unchanged,
// durable ones too. A record is acknowledged when the broker has accepted it. What
// Notify declares is what OSProfiler declares and is not durable: neither it nor the
// records in it, acknowledged or not, survive a restart of the broker.
//
// OSProfiler's reader takes all notifications out of the queue and drops those of
// other traces. This driver looks at them and puts all of them back in their place,
// so that each trace can be shown any number of times. It reads what was in the
// queue when it began. While it reads, it is the queue's only consumer; readers
// wait for each other. The queue is read from its beginning for each trace and each
// list, up to two million messages: it is meant as a way to another store, or for
// the few traces of a test system. A quorum queue with a delivery limit counts each
// look at a message and finally drops it, so do not set such a limit.
//
// A queue without a reader grows for ever. Delete and Prune take traces out. To
// bound it, set a policy on the broker (not an argument of the queue: OSProfiler
// declares the queue without arguments, and would be refused):
//
//	rabbitmqctl set_policy --apply-to queues profiler '^profiler\.info$' '{"max-length":1000000,"message-ttl":86400000}'
package messaging

import (
	"context"
	"errors"
	"log/slog"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
)

// topology is where records lie.
type topology struct {
	exchange, queue string
	kind            string // of the exchange
	durable         bool   // both, which is an error if they are there and are not
}

// upstream has the names that oslo.messaging makes of its default control_exchange,
// the topic and the priority.
var upstream = topology{exchange: "openstack", queue: "profiler.info", kind: amqp.ExchangeTopic}

// topologyOf is what a URL asks for.
func topologyOf(u *drivers.URL) (topology, error) {
	name, durable := u.Text("queue"), u.Bool("durable")
	switch {
	case name != "":
		return topology{exchange: name, queue: name, kind: amqp.ExchangeDirect, durable: durable}, nil
	case durable:
		return topology{}, errors.New("durable=true needs queue=NAME: OSProfiler would refuse a durable queue of its own name")
	}
	return upstream, nil
}

type store struct {
	topology
	config  *config
	connect time.Duration
	answer  time.Duration // may take so long
	idle    time.Duration
	logger  *slog.Logger

	publishing kit.Mutex
	publisher  *publisher // nil: not connected; guarded by publishing
	reading    kit.Mutex
}

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	c, err := configOf(u)
	if err != nil {
		return nil, err
	}
	t, err := topologyOf(u)
	if err != nil {
		return nil, err
	}
	d := &store{
		topology: t,
		config:   c, connect: o.ConnectTimeout, answer: o.SocketTimeout, idle: u.Duration("idle_timeout"), logger: o.Logger,
		publishing: kit.NewMutex(), reading: kit.NewMutex(),
	}
	return d, nil
}

// Terms implements [driver.Promising].
func (d *store) Terms() driver.Terms {
	t := driver.Terms{Acknowledged: "on the broker's disk", Repeated: "kept twice in the queue; readers ignore the second", Listed: "the whole queue", OneReader: true}
	if !d.durable {
		t.Acknowledged = "in the memory of the broker, and lost with it"
		t.Forgets = "RabbitMQ keeps no record of the queue " + d.queue + " when it is restarted or killed, acknowledged or not, unless others have made it durable; " +
			"?queue=NAME&durable=true in the URL makes one that is, which OSProfiler does not read"
	}
	return t
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
