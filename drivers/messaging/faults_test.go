package messaging

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/load"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

// quick are options for brokers that do not answer.
var quick = drivers.Options{ConnectTimeout: 300 * time.Millisecond}

// oneLine checks that an error can be shown to a user.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\r") || strings.Contains(text, "hunter2") {
		t.Errorf("the error is %q", text)
	}
}

// allFail checks that every method of a driver says why it cannot work.
func allFail(t *testing.T, d *driver, words string) {
	t.Helper()
	err := d.Notify(t.Context(), drivertest.Trace(2, 0))
	oneLine(t, err)
	if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), words) {
		t.Errorf("Notify: %v, want ErrNotSent and %q", err, words)
	}
	oneLine(t, d.Ping(t.Context()))
	oneLine(t, d.Delete(t.Context(), "x"))
	for _, err := range d.Records(t.Context(), "x") {
		oneLine(t, err)
	}
	for _, err := range d.Traces(t.Context(), drivers.Query{}) {
		oneLine(t, err)
	}
}

func TestBrokerDown(t *testing.T) {
	allFail(t, openURL(t, "messaging://root:hunter2@127.0.0.1:1/", quick), "127.0.0.1:1")
	allFail(t, openURL(t, "messaging://root:hunter2@127.0.0.1:1,root:hunter2@127.0.0.1:2/", quick), "127.0.0.1:2")
}

// TestBrokerSilent: a program that takes connections and says nothing.
func TestBrokerSilent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	allFail(t, openURL(t, "messaging://root:hunter2@"+listener.Addr().String()+"/", quick), context.DeadlineExceeded.Error())
}

func TestBadURLs(t *testing.T) {
	for _, url := range []string{
		"messaging://",
		"messaging:///",
		"messaging://root:hunter2@",
		"messaging://root:hunter2@host:port/",
		"messaging://root:hunter2",
		"messaging://root:hunter2%zz@host/",
		"messaging://root:hunter2/x@host/",
		"messaging://root:hunter2?@host/",
		"messaging://root:hunter2#@host/",
		"messaging://host/%zz",
		"messaging://host/?password=hunter2",
		"messaging://host/?ssl=maybe",
		"messaging://host/?ssl=1&ssl=1",
		"messaging://host/?ssl_ca_file=/x",
		"messaging://host/?ssl=1&ssl_ca_file=/no/such/file",
		"messaging://?transport_url=",
		"messaging://?transport_url=%zz",
		"messaging://?transport_url=amqp://root:hunter2@host/",
		"messaging://?transport_url=rabbit://root:hunter2",
		"messaging://?transport_url=rabbit://",
		"messaging://?other=1",
	} {
		d, err := drivers.Open(t.Context(), url, drivers.Options{})
		if err == nil {
			_ = d.Close()
			t.Errorf("%s was opened", url)
			continue
		}
		oneLine(t, err)
	}
}

func TestURLs(t *testing.T) {
	for _, tt := range []struct{ url, transport, addr, user, password, vhost string }{
		{"messaging://host", "", "host:5672", "guest", "guest", "/"},
		{"messaging://u:p%2F@host:1/", "", "host:1", "u", "p/", "/"},
		{"messaging://u:p@host//", "", "host:5672", "u", "p", "/"},
		{"messaging://host/%2F", "", "host:5672", "guest", "guest", "/"},
		{"messaging://host/nova", "rabbit://other", "host:5672", "guest", "guest", "nova"},
		{"messaging://", "rabbit://u:p@host:5672/", "host:5672", "u", "p", "/"},
		{"messaging://", "kombu://u:p@host:5672/v", "host:5672", "u", "p", "v"},
		{"messaging://?transport_url=rabbit://u:p%2F@host/v", "rabbit://other", "host:5672", "u", "p/", "v"},
		{"messaging:///?transport_url=rabbit%3A%2F%2Fu%3Ap%252F%40host%2Fv", "", "host:5672", "u", "p/", "v"},
	} {
		c, err := parseURL(tt.url, tt.transport)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if h := c.hosts[0]; h.Addr != tt.addr || h.User != tt.user || h.Password != tt.password || c.vhost != tt.vhost {
			t.Errorf("%s: %+v, virtual host %q", tt.url, h, c.vhost)
		}
	}
}

// stored counts the records in the queue.
func stored(t *testing.T, d *driver) (n uint64) {
	t.Helper()
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range d.Records(t.Context(), tr.BaseID) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	return n
}

// TestKilledAndBack: what was not acknowledged arrives after the broker's
// return; what was is gone with the broker, whose queue is not durable.
func TestKilledAndBack(t *testing.T) {
	server := servertest.RabbitMQ(t)
	d := openURL(t, urlOf(server), drivers.Options{})
	l := load.Start(t, d, time.Second)
	l.Work(50)
	l.Until(t, "the first records", load.Acknowledged(100))
	server.Kill()
	l.Work(50)
	l.Until(t, "a retry", load.Retried(1))
	server.Restart()
	l.Until(t, "the records of the outage", load.Acknowledged(200))
	l.Work(50)
	recorded := l.All(t)
	if n := stored(t, d); n != recorded-100 {
		t.Errorf("%d records in the queue, want the %d since the outage", n, recorded-100)
	}
}

func TestFrozen(t *testing.T) {
	server := servertest.RabbitMQ(t)
	d := openURL(t, urlOf(server), drivers.Options{})
	l := load.Start(t, d, time.Second)
	l.Work(50)
	l.Until(t, "the first records", load.Acknowledged(100))
	server.Freeze()
	l.Work(50)
	l.Until(t, "a retry", load.Retried(1))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := d.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Ping of a frozen broker: %v, want that the deadline has passed", err)
	}
	for _, err := range d.Records(ctx, "x") {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Records of a frozen broker: %v, want that the deadline has passed", err)
		}
	}
	server.Thaw()
	recorded := l.All(t)
	if n := stored(t, d); n != recorded {
		t.Errorf("%d records in the queue, want %d", n, recorded)
	}
}

// TestFrozenReader: a broker that stops in the middle of a read does not make
// a trace look shorter.
func TestFrozenReader(t *testing.T) {
	server := servertest.RabbitMQ(t)
	d := openURL(t, urlOf(server), drivers.Options{IdleTimeout: 10 * time.Millisecond})
	events := drivertest.Trace(3*perChannel, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range d.Records(ctx, events[0].Trace().String()) {
		if n++; n == 10 {
			server.Freeze()
			time.AfterFunc(time.Second, cancel)
		}
		last = err
	}
	if n < 10 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d records and %v, want that the context has ended", n, last)
	}
	server.Thaw()
}

// TestReplyLost cuts the connection before the broker's confirmations of a
// batch, which it has taken.
func TestReplyLost(t *testing.T) {
	server := servertest.RabbitMQ(t)
	p := newProxy(t, server.Addr, nil)
	d := openURL(t, "messaging://"+p.addr+"/", drivers.Options{})
	l := load.Start(t, d, time.Second)
	l.Work(5)
	l.Until(t, "the first records", load.Acknowledged(10))
	p.hold(true)
	l.Work(50)
	watchdog.Until(t, "the broker to take the batch", func() bool {
		q, err := channel(t, server).QueueDeclarePassive(queueName, false, false, false, false, nil)
		return err == nil && q.Messages >= 110
	})
	p.cut()
	p.hold(false)
	recorded := l.All(t)
	if l.Stats().Retries == 0 {
		t.Error("nothing was sent again")
	}
	if n := stored(t, openURL(t, urlOf(server), drivers.Options{})); n != recorded {
		t.Errorf("%d records are read, want %d", n, recorded)
	}
}

// readUntil reads a trace of which nothing may come, with so much time.
func readUntil(t *testing.T, d *driver, base string, limit time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for _, err := range d.Records(ctx, base) {
		if err == nil {
			t.Error("a record was read")
			continue
		}
		return err
	}
	return nil
}

// proxy passes bytes between clients, by TLS if it has a configuration, and a
// broker.
type proxy struct {
	addr string

	mu    sync.Mutex
	conns []net.Conn
	held  bool
	free  *sync.Cond
}

func newProxy(t *testing.T, broker string, config *tls.Config) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	p := &proxy{addr: listener.Addr().String()}
	p.free = sync.NewCond(&p.mu)
	var wg sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		p.hold(false)
		p.cut()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", broker)
			if err != nil {
				_ = client.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, client, server)
			p.mu.Unlock()
			wg.Go(func() {
				_, _ = io.Copy(server, client)
				_ = server.Close()
			})
			wg.Go(func() {
				_, _ = io.Copy(gate{p, client}, server)
				_ = client.Close()
			})
		}
	})
	return p
}

// hold keeps back what the broker says.
func (p *proxy) hold(on bool) {
	p.mu.Lock()
	p.held = on
	p.mu.Unlock()
	p.free.Broadcast()
}

// cut closes all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

// gate is a client's side of a proxy.
type gate struct {
	p  *proxy
	to net.Conn
}

func (g gate) Write(b []byte) (int, error) {
	g.p.mu.Lock()
	for g.p.held {
		g.p.free.Wait()
	}
	g.p.mu.Unlock()
	return g.to.Write(b)
}

func TestTLS(t *testing.T) {
	server := servertest.RabbitMQ(t)
	cert, key := servertest.Certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, server.Addr, &tls.Config{Certificates: []tls.Certificate{pair}})
	d := openURL(t, "messaging://"+p.addr+"/?ssl=1&ssl_ca_file="+cert, drivers.Options{})
	events := drivertest.Trace(4, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range d.Records(t.Context(), events[0].Trace().String()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != len(events) {
		t.Errorf("%d records, want %d", n, len(events))
	}
	allFail(t, openURL(t, "messaging://"+p.addr+"/?ssl=1", drivers.Options{}), "certificate")
}

// TestRefusals: what the broker refuses for good, and what it is in use for.
func TestRefusals(t *testing.T) {
	server := servertest.RabbitMQ(t)
	t.Run("Password", func(t *testing.T) {
		allFail(t, openURL(t, "messaging://guest:hunter2@"+server.Addr+"/", drivers.Options{}), "password not allowed")
	})
	t.Run("VirtualHost", func(t *testing.T) {
		allFail(t, openURL(t, "messaging://guest:guest@"+server.Addr+"/hunter3", drivers.Options{}), "vhost")
	})
	t.Run("SecondBroker", func(t *testing.T) {
		d := openURL(t, "messaging://127.0.0.1:1,guest:guest@"+server.Addr+"/", drivers.Options{})
		if err := d.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("QueueDeleted", func(t *testing.T) {
		forget(t, server)
		d := openURL(t, urlOf(server), drivers.Options{})
		l := load.Start(t, d, time.Second)
		l.Work(5)
		l.Until(t, "the first records", load.Acknowledged(10))
		if _, err := channel(t, server).QueueDelete(queueName, false, false, false); err != nil {
			t.Fatal(err)
		}
		l.Work(50)
		recorded := l.All(t)
		if n := stored(t, d); n != recorded-10 {
			t.Errorf("%d records in the queue, want %d", n, recorded-10)
		}
	})
	t.Run("Durable", func(t *testing.T) {
		forget(t, server)
		ch := channel(t, server)
		if err := ch.ExchangeDeclare(exchangeName, "topic", true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := ch.QueueDeclare(queueName, true, false, false, false, amqp.Table{"x-max-length": 1000}); err != nil {
			t.Fatal(err)
		}
		d := openURL(t, urlOf(server), drivers.Options{})
		l := load.Start(t, d, time.Second)
		l.Work(5)
		if recorded, n := l.All(t), stored(t, d); n != recorded {
			t.Errorf("%d records in a durable queue, want %d", n, recorded)
		}
	})
	t.Run("Busy", func(t *testing.T) {
		forget(t, server)
		d := openURL(t, urlOf(server), drivers.Options{})
		events := drivertest.Trace(2, 0)
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		ch := channel(t, server)
		if _, err := ch.Consume(queueName, "other", false, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		// A call that has not come so far as to see the other reader says so,
		// and gets more time.
		for limit := 5 * busyPause; ; limit *= 2 {
			err := readUntil(t, d, events[0].Trace().String(), limit)
			oneLine(t, err)
			if errors.Is(err, errBusy) {
				if limit < busyLimit && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Records beside another reader, with %v: %v", limit, err)
				}
				break
			}
			if !errors.Is(err, context.DeadlineExceeded) || limit > 10*busyLimit {
				t.Errorf("Records beside another reader, with %v: %v", limit, err)
				break
			}
		}
		if err := ch.Close(); err != nil {
			t.Fatal(err)
		}
		if n := stored(t, d); n != 2 {
			t.Errorf("%d records after the other reader has gone, want 2", n)
		}
	})
	t.Run("TwoReaders", func(t *testing.T) {
		forget(t, server)
		one, two := openURL(t, urlOf(server), drivers.Options{}), openURL(t, urlOf(server), drivers.Options{})
		events := drivertest.Trace(500, 0)
		if err := one.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, d := range []*driver{one, two, one, two} {
			wg.Go(func() {
				for range 5 {
					n := 0
					for _, err := range d.Records(t.Context(), events[0].Trace().String()) {
						if err != nil {
							t.Error(err)
						}
						n++
					}
					if n != len(events) {
						t.Errorf("%d records, want %d", n, len(events))
					}
				}
			})
		}
		wg.Wait()
	})
	t.Run("TooLarge", func(t *testing.T) {
		forget(t, server)
		d := openURL(t, urlOf(server), drivers.Options{})
		events := drivertest.Trace(3, 0)
		events[1].Change(func(f *record.Fields) { f.Info = drivertest.Info(strings.Repeat("x", maxMessage)) })
		var rejected *record.RejectedError
		if err := d.Notify(t.Context(), events); !errors.As(err, &rejected) || len(rejected.Indexes) != 1 || rejected.Indexes[0] != 1 {
			t.Errorf("Notify: %v", err)
		}
	})
}
