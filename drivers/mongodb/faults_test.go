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
	"github.com/sonde-go/sonde/drivers/internal/frozen"
	"github.com/sonde-go/sonde/drivers/internal/load"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
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
	if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), "127.0.0.1:1") {
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
	if !errors.Is(err, record.ErrNotSent) {
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

// allThere closes the service and checks that each of its records is in the
// store, once.
func allThere(t *testing.T, l *load.Load, d *drivers.Store) {
	t.Helper()
	recorded := l.All(t)
	n := uint64(0)
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		n += uint64(len(drain(t, d, tr.BaseID)))
	}
	if n != recorded {
		t.Errorf("%d records in the store, want %d", n, recorded)
	}
}

func TestKilledAndBack(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	d := openURL(t, urlOf(server), quick)
	l := load.Start(t, d, time.Second)
	l.Work(50)
	l.Until(t, "the first records", load.Acknowledged(100))
	server.Kill()
	l.Work(50)
	l.Until(t, "a retry", load.Retried(1))
	server.Restart()
	l.Until(t, "the records of the outage", load.Acknowledged(200))
	l.Work(50)
	allThere(t, l, d)
}

func TestFrozen(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	d := openURL(t, urlOf(server), quick)
	l := load.Start(t, d, time.Second)
	l.Work(50)
	l.Until(t, "the first records", load.Acknowledged(100))
	server.Freeze()
	l.Work(50)
	l.Until(t, "a retry", load.Retried(1))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := d.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Ping of a frozen server: %v, want that the deadline has passed", err)
	}
	server.Thaw()
	allThere(t, l, d)
}

func TestUnanswered(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	frozen.Test(t, urlOf(server), "MongoDB at "+server.Addr, drivers.Options{FilterErrorTrace: true}, server)
}

// TestReplyLost cuts the connection in the middle of the reply to an insert,
// which the store has carried out.
func TestReplyLost(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	c := newCutter(t, server.Addr)
	d := openURL(t, "mongodb://"+c.addr+"/?heartbeatFrequencyMS=600000", quick)
	l := load.Start(t, d, time.Second)
	l.Work(5)
	l.Until(t, "the first records", load.Acknowledged(10))
	c.armed.Store(true)
	l.Work(50)
	allThere(t, l, d)
	if c.armed.Load() {
		t.Error("no reply was cut")
	}
	if l.Stats().Retries == 0 {
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
