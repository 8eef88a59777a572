package mongodb

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/profiler"
)

// quick are options for servers that do not answer.
var quick = drivers.Options{ConnectTimeout: 300 * time.Millisecond}

// oneLine checks that an error can be shown to a user.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\r") || strings.Contains(text, "hunter2") {
		t.Errorf("the error is %q", text)
	}
}

func TestServerDown(t *testing.T) {
	d := openURL(t, "mongodb://root:hunter2@127.0.0.1:1/", quick)
	err := d.Notify(t.Context(), drivertest.Trace(2, 0))
	oneLine(t, err)
	if !errors.Is(err, profiler.ErrNotSent) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("Notify: %v", err)
	}
	oneLine(t, d.Ping(t.Context()))
	for _, err := range d.Records(t.Context(), "x") {
		oneLine(t, err)
	}
	for _, err := range d.Traces(t.Context(), drivers.Query{}) {
		oneLine(t, err)
	}
}

func TestWrongCredentials(t *testing.T) {
	server := servertest.FerretDB(t, nil) // which knows no users
	d := openURL(t, "mongodb://root:hunter2@"+server.Addr+"/", drivers.Options{})
	err := d.Notify(t.Context(), drivertest.Trace(2, 0))
	oneLine(t, err)
	if !errors.Is(err, profiler.ErrNotSent) {
		t.Errorf("Notify: %v, want ErrNotSent", err)
	}
	oneLine(t, d.Ping(t.Context()))
}

func TestBadURLs(t *testing.T) {
	for _, url := range []string{
		"mongodb://",
		"mongodb://root:hunter2@",
		"mongodb://root:hunter2@host:port/",
		"mongodb://root:hunter2",
		"mongodb://root:hunter2%zz@host/",
		"mongodb://root:hunter2/x@host/",
		"mongodb://root:hunter2:x@host/",
		"mongodb://root:x@hunter2@host/",
		"mongodb://host/?tlsCertificateKeyFilePassword=hunter2%zz",
		"mongodb://host/?authMechanismProperties=hunter2",
		"mongodb://root:hunter2@host/?w=-1",
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

// load runs a service that feeds a driver, whose points work writes until the
// test stops it.
type load struct {
	service *profiler.Service
	traces  []string
}

func startLoad(t *testing.T, d drivers.Driver) *load {
	t.Helper()
	s, err := profiler.New(profiler.Config{Name: "checkout", Sink: d,
		Queue: profiler.QueueConfig{FlushInterval: time.Millisecond, NotifyTimeout: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Close(ctx)
	})
	return &load{service: s}
}

// work records a trace of n points.
func (l *load) work(n int) {
	ctx, root := l.service.Begin(context.Background(), profiler.Opening{Name: "http"})
	for range n - 1 {
		_, p := profiler.Start(ctx, "db")
		p.Stop()
	}
	root.Stop()
	l.traces = append(l.traces, root.ID().String())
}

// until waits until the service's figures are as wanted.
func (l *load) until(t *testing.T, what string, ok func(profiler.Stats) bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(l.service.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for %s in vain: %+v", what, l.service.Stats())
		}
	}
}

// allThere closes the service and checks that each of its records is in the
// store, once.
func (l *load) allThere(t *testing.T, d *driver) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.service.Close(ctx); err != nil {
		t.Fatal(err)
	}
	stats := l.service.Stats()
	if stats.Acknowledged != stats.Recorded {
		t.Errorf("%d of %d records were acknowledged: %+v", stats.Acknowledged, stats.Recorded, stats)
	}
	n := uint64(0)
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		n += uint64(len(drain(t, d, tr.BaseID)))
	}
	if n != stats.Recorded {
		t.Errorf("%d records in the store, want %d", n, stats.Recorded)
	}
}

func acknowledged(n uint64) func(profiler.Stats) bool {
	return func(s profiler.Stats) bool { return s.Acknowledged >= n }
}

func retried(n uint64) func(profiler.Stats) bool {
	return func(s profiler.Stats) bool { return s.Retries >= n }
}

func TestKilledAndBack(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	d := openURL(t, urlOf(server), quick)
	l := startLoad(t, d)
	l.work(50)
	l.until(t, "the first records", acknowledged(100))
	server.Kill()
	l.work(50)
	l.until(t, "a retry", retried(1))
	server.Restart()
	l.until(t, "the records of the outage", acknowledged(200))
	l.work(50)
	l.allThere(t, d)
}

func TestFrozen(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	d := openURL(t, urlOf(server), quick)
	l := startLoad(t, d)
	l.work(50)
	l.until(t, "the first records", acknowledged(100))
	server.Freeze()
	l.work(50)
	l.until(t, "a retry", retried(1))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := d.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Ping of a frozen server: %v, want that the deadline has passed", err)
	}
	server.Thaw()
	l.allThere(t, d)
}

// TestReplyLost cuts the connection in the middle of the reply to an insert,
// which the store has carried out.
func TestReplyLost(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	c := newCutter(t, server.Addr)
	d := openURL(t, "mongodb://"+c.addr+"/?heartbeatFrequencyMS=600000", quick)
	l := startLoad(t, d)
	l.work(5)
	l.until(t, "the first records", acknowledged(10))
	c.armed.Store(true)
	l.work(50)
	l.allThere(t, d)
	if c.armed.Load() {
		t.Error("no reply was cut")
	}
	if l.service.Stats().Retries == 0 {
		t.Error("nothing was sent again")
	}
}

// cutter passes bytes between clients and a server. When it is armed, it cuts
// the connection after the first bytes of the reply to the next insert.
type cutter struct {
	addr  string
	armed atomic.Bool
}

func newCutter(t *testing.T, server string) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	c := &cutter{addr: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			go c.pass(client, upstream)
		}
	}()
	return c
}

func (c *cutter) pass(client, server net.Conn) {
	var inserting atomic.Bool
	go func() {
		buf := make([]byte, 1<<20)
		for {
			n, err := client.Read(buf)
			if err != nil {
				_ = server.Close()
				return
			}
			if c.armed.Load() && strings.Contains(string(buf[:n]), "insert\x00") {
				inserting.Store(true)
			}
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	defer client.Close()
	defer server.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		if inserting.Load() && c.armed.Swap(false) {
			_, _ = client.Write(buf[:10])
			return
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}
