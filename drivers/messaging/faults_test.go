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
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/drivers/internal/load"
	"github.com/sonde-go/sonde/internal/servertest"
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
func allFail(t *testing.T, d *drivers.Store, words string) {
	t.Helper()
	notSent(t, d, words)
	oneLine(t, d.Ping(t.Context()))
	oneLine(t, d.Delete(t.Context(), "x"))
	for _, err := range d.Records(t.Context(), "x") {
		oneLine(t, err)
	}
	for _, err := range d.Traces(t.Context(), drivers.Query{}) {
		oneLine(t, err)
	}
}

// notSent checks that Notify says why nothing was sent.
func notSent(t *testing.T, d *drivers.Store, words string) {
	t.Helper()
	err := d.Notify(t.Context(), drivertest.Trace(2, 0))
	oneLine(t, err)
	if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), words) {
		t.Errorf("Notify: %v, want ErrNotSent and %q", err, words)
	}
}

// testFaults runs the suite. What the broker has acknowledged is gone when it is
// killed or stopped, since OSProfiler's queue is not durable. Ours is.
func testFaults(t *testing.T, server *servertest.Server) {
	for name, tt := range map[string]struct {
		topology
		options string
		forgets bool
	}{
		"upstream": {upstream, "", true},
		"durable":  {ours, durably, false},
	} {
		t.Run(name, func(t *testing.T) {
			urlAt := func(password, addr string) string {
				return "messaging://guest:" + password + "@" + addr + "/" + tt.options
			}
			faults.Run(t, faults.Harness{
				Lacks: map[faults.Scenario]string{faults.NoRoom: "a broker that runs out of memory or disk stops listening to its publishers: for them it is frozen"},
				New: func(t *testing.T) *faults.Server {
					forget(t, server)
					return &faults.Server{
						Addr: server.Addr, Name: "RabbitMQ at " + server.Addr, Forgets: tt.forgets,
						URL:  func(addr string) string { return urlAt("guest", addr) },
						Stop: server.Stop, Start: server.Restart, Kill: server.Kill, Freeze: server.Freeze, Thaw: server.Thaw,
						Wrong:  func(*testing.T) string { return urlAt(faults.Secret, server.Addr) },
						Stored: func(t *testing.T) int { return inQueue(t, server, tt.topology) },
					}
				},
			})
		})
	}
}

// inQueue counts the distinct records in a queue by one look at it: the driver would
// look once for each trace.
func inQueue(t *testing.T, server *servertest.Server, where topology) int {
	t.Helper()
	ch := channel(t, server)
	seen := map[string]bool{}
	for {
		m, ok, err := ch.Get(where.queue, false)
		if code(err) == amqp.NotFound {
			return 0
		}
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		r, _, ok, err := parseRecord(new(record.Parser), &m)
		if err != nil || !ok {
			t.Fatalf("%q: %v", m.Body, err)
		}
		seen[r.Point+" "+r.Name] = true
	}
	if err := ch.Close(); err != nil { // which puts them back
		t.Fatal(err)
	}
	return len(seen)
}

func TestSeveralDown(t *testing.T) {
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
		"messaging://host/?durable=true",
		"messaging://host/?queue=sonde&durable=perhaps",
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
		u, err := drivers.ParseURL(tt.url, drivers.Options{Params: map[string]string{"transport_url": tt.transport}})
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		c, err := configOf(u)
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
func stored(t *testing.T, d *drivers.Store) (n uint64) {
	t.Helper()
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range d.Records(t.Context(), tr.ID) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	return n
}

// testFrozenReader: a broker that stops in the middle of a read does not make
// a trace look shorter.
func testFrozenReader(t *testing.T, server *servertest.Server) {
	d := openURL(t, urlOf(server)+"?idle_timeout=10ms", drivers.Options{})
	events := drivertest.Trace(3*perChannel, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	defer server.Thaw()
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
}

// readUntil reads a trace of which nothing may come, with so much time.
func readUntil(t *testing.T, d *drivers.Store, base string, limit time.Duration) error {
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

// newTLS speaks TLS in front of a broker, and returns its address.
func newTLS(t *testing.T, broker string, config *tls.Config) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	wg.Add(1)
	go func() {
		defer wg.Done()
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
			for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
				wg.Add(1)
				go func() {
					defer wg.Done()
					_, _ = io.Copy(to, from)
					_ = to.Close()
				}()
			}
		}
	}()
	return listener.Addr().String()
}

func testTLS(t *testing.T, server *servertest.Server) {
	cert, key := servertest.Certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	addr := newTLS(t, server.Addr, &tls.Config{Certificates: []tls.Certificate{pair}})
	d := openURL(t, "messaging://"+addr+"/?ssl=1&ssl_ca_file="+cert, drivers.Options{})
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
	allFail(t, openURL(t, "messaging://"+addr+"/?ssl=1", drivers.Options{}), "certificate")
}

// testRefusals: what the broker refuses for good, and what it is in use for.
func testRefusals(t *testing.T, server *servertest.Server) {
	t.Run("Password", func(t *testing.T) {
		// Only one method: the broker takes three seconds to refuse, and the faults try all.
		notSent(t, openURL(t, "messaging://guest:hunter2@"+server.Addr+"/", drivers.Options{}), "password not allowed")
	})
	t.Run("VirtualHost", func(t *testing.T) {
		allFail(t, openURL(t, "messaging://guest:guest@"+server.Addr+"/hunter3", drivers.Options{}), "vhost")
	})
	t.Run("SecondBroker", func(t *testing.T) {
		d := openURL(t, "messaging://guest:guest@127.0.0.1:1,guest:guest@"+server.Addr+"/", drivers.Options{})
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
		if _, err := channel(t, server).QueueDelete(upstream.queue, false, false, false); err != nil {
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
		if err := ch.ExchangeDeclare(upstream.exchange, "topic", true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := ch.QueueDeclare(upstream.queue, true, false, false, false, amqp.Table{"x-max-length": 1000}); err != nil {
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
		if _, err := ch.Consume(upstream.queue, "other", false, false, false, false, nil); err != nil {
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
		for _, d := range []*drivers.Store{one, two, one, two} {
			wg.Add(1)
			go func() {
				defer wg.Done()
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
			}()
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
