package nats

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/drivers/internal/load"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/record"
)

// quick are options for servers that do not answer.
var quick = drivers.Options{ConnectTimeout: 300 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)}

// quiet are options that log nothing.
var quiet = drivers.Options{Logger: slog.New(slog.DiscardHandler)}

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

func TestFaults(t *testing.T) {
	s := servertest.NATS(t)
	n := 0
	faults.Run(t, faults.Harness{
		New: func(t *testing.T) *faults.Server {
			n++
			stream := "S" + strconv.Itoa(n)
			return &faults.Server{
				Addr: s.Addr, Options: quiet, Name: "NATS at " + s.Addr,
				URL:  func(addr string) string { return "nats://root:" + faults.Secret + "@" + addr + "/" + stream },
				Stop: s.Stop, Start: s.Restart, Kill: s.Kill, Freeze: s.Freeze, Thaw: s.Thaw,
				Wrong: func(t *testing.T) string {
					s := natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir(), Username: "root", Password: faults.Secret})
					return "nats://root:x" + faults.Secret + "@" + s.Addr
				},
				Fill:   func(t *testing.T) func() { return fill(t, urlOf(s), stream) },
				Stored: func(t *testing.T) int { return messages(t, urlOf(s), stream) },
			}
		},
	})
}

// withStream does something with a stream without the driver, if there is one.
func withStream(t *testing.T, url, name string, do func(jetstream.JetStream, *jetstream.StreamInfo) error) {
	t.Helper()
	c, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	js, err := jetstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), name)
	if err == nil {
		err = do(js, stream.CachedInfo())
	}
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Fatal(err)
	}
}

// messages counts the records of a stream, repeats too.
func messages(t *testing.T, url, stream string) (n int) {
	t.Helper()
	return under(t, url, stream, stream+".*")
}

// under counts the messages of a stream under some subjects.
func under(t *testing.T, url, stream, subjects string) (n int) {
	t.Helper()
	withStream(t, url, stream, func(js jetstream.JetStream, _ *jetstream.StreamInfo) error {
		s, err := js.Stream(t.Context(), stream)
		if err != nil {
			return err
		}
		info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(subjects))
		if err != nil {
			return err
		}
		for _, of := range info.State.Subjects {
			n += int(of)
		}
		return nil
	})
	return n
}

// fill has a stream take no more than it has, and free has it take more.
func fill(t *testing.T, url, stream string) (free func()) {
	t.Helper()
	limit := func(to func(have uint64) int64) {
		withStream(t, url, stream, func(js jetstream.JetStream, info *jetstream.StreamInfo) error {
			config := info.Config
			config.Discard, config.MaxMsgs = jetstream.DiscardNew, to(info.State.Msgs)
			_, err := js.UpdateStream(t.Context(), config)
			return err
		})
	}
	limit(func(have uint64) int64 { return int64(have) })
	return func() { limit(func(uint64) int64 { return -1 }) }
}

func TestSeveralDown(t *testing.T) {
	allFail(t, openURL(t, "nats://hunter2@127.0.0.1:1,127.0.0.1:2", quick), "127.0.0.1:2")
}

// TestServerSilent: a program that takes connections and says nothing.
func TestServerSilent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	allFail(t, openURL(t, "nats://root:hunter2@"+listener.Addr().String(), quick), "timeout")
}

func TestWithoutJetStream(t *testing.T) {
	allFail(t, openURL(t, natstest.NATS(t).URL, quiet), "is JetStream enabled")
}

func TestCredentials(t *testing.T) {
	s := natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir(), Username: "root", Password: "hunter2:@/"})
	d := openURL(t, "nats://root:hunter2%3A%40%2F@"+s.Addr, quiet)
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Error(err)
	}
	for _, user := range []string{"root:xhunter2@", "hunter2@", ""} {
		allFail(t, openURL(t, "nats://"+user+s.Addr, quiet), "Authorization")
	}

	s = natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir(), Authorization: "t0ken/"})
	d = openURL(t, "nats://t0ken%2F@"+s.Addr, quiet)
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	cert, key := servertest.Certificate(t)
	config, err := server.GenTLSConfig(&server.TLSConfigOpts{CertFile: cert, KeyFile: key})
	if err != nil {
		t.Fatal(err)
	}
	s := natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir(), TLS: true, TLSConfig: config})
	address := "nats+tls://" + s.Addr
	for _, options := range []string{"?ssl_ca_certs=" + url.QueryEscape(cert), "?ssl_cert_reqs=none"} {
		if err := openURL(t, address+options, quiet).Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
			t.Errorf("%s: %v", options, err)
		}
	}
	allFail(t, openURL(t, address, quiet), "certificate")
	allFail(t, openURL(t, "nats+tls://"+natstest.NATS(t).Addr, quiet), "secure connection")
}

func TestBadURLs(t *testing.T) {
	for _, url := range []string{
		"nats://root:hunter2@",
		"nats://root:hunter2@host:port/",
		"nats://root:hunter2",
		"nats://root:hunter2%zz@host/",
		"nats://root:hunter2/x@host/",
		"nats://root:hunter2?@host/",
		"nats://root:hunter2#@host/",
		"nats://host/A.B",
		"nats://host/*",
		"nats://host/a/b",
		"nats://host/?password=hunter2",
		"nats://host/?max_age=soon",
		"nats://host/?max_age=1ms",
		"nats://host/?replicas=0",
		"nats://host/?replicas=9",
		"nats://host/?replicas=1&replicas=1",
		"nats://host/?ssl_cert_reqs=none",
		"nats+tls://host/?ssl_cert_reqs=maybe",
		"nats+tls://host/?ssl_ca_certs=/no/such/file",
		"nats://host/?%zz",
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

func FuzzParseURL(f *testing.F) {
	f.Add("nats://u:p@h1:1,[::1]/S?max_age=1h&replicas=3")
	f.Add("nats+tls://t@h?ssl_cert_reqs=none")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := drivers.ParseURL(text, drivers.Options{})
		if err != nil || !strings.HasPrefix(u.Scheme, "nats") {
			t.Skip()
		}
		c, err := configOf(u)
		if err == nil && (len(c.addrs) == 0 || c.stream == "" || strings.ContainsAny(c.stream, ".*> \t\r\n")) {
			t.Errorf("%q: %+v", text, c)
		}
	})
}

// streamOf asks for the settings of a stream.
func streamOf(t *testing.T, d *drivers.Store) jetstream.StreamConfig {
	t.Helper()
	stream, err := inside(d).js.Stream(t.Context(), inside(d).config.stream)
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().Config
}

func TestStream(t *testing.T) {
	s := natstest.JetStream(t)
	for _, step := range []struct {
		options string
		maxAge  time.Duration
	}{
		{"", 0},
		{"?max_age=1h", time.Hour},
		{"", time.Hour}, // what the URL does not say stays
		{"?max_age=1m&replicas=1", time.Minute},
	} {
		d := openURL(t, s.URL+step.options, quiet)
		if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
			t.Fatal(err)
		}
		c := streamOf(t, d)
		if c.Name != "OSPROFILER" || c.MaxAge != step.maxAge || c.Replicas != 1 || c.Storage != jetstream.FileStorage ||
			strings.Join(c.Subjects, " ") != "OSPROFILER.* OSPROFILER.index.>" {
			t.Errorf("%q: the stream is %+v", step.options, c)
		}
		if c.Duplicates < time.Minute { // what is sent again has to be known
			t.Errorf("%q: the stream knows ids for %v only", step.options, c.Duplicates)
		}
	}
	d := openURL(t, s.URL, quiet)
	if err := d.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := inside(d).js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	err := openURL(t, s.URL+"/OTHER", quiet).Notify(t.Context(), drivertest.Trace(2, 0))
	if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), "belongs to something else") {
		t.Errorf("Notify into another's stream: %v", err)
	}
}

// TestStreamDeleted: it is made again.
func TestStreamDeleted(t *testing.T) {
	s := natstest.JetStream(t)
	d := openURL(t, s.URL, quiet)
	l := load.Start(t, d, time.Second)
	l.Work(5)
	l.Until(t, "the first records", load.Acknowledged(10))
	if err := inside(d).js.DeleteStream(t.Context(), "OSPROFILER"); err != nil {
		t.Fatal(err)
	}
	l.Work(5)
	recorded := l.All(t)
	if n := stored(t, d); n != recorded-10 {
		t.Errorf("%d records in the stream, want %d", n, recorded-10)
	}
}

// TestRepeats: the stream drops a record that is sent again.
func TestRepeats(t *testing.T) {
	d := openURL(t, natstest.JetStream(t).URL, quiet)
	events := drivertest.Trace(100, 0)
	for range 3 {
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	if n := stored(t, d); n != 100 {
		t.Errorf("%d records in the stream, want 100", n)
	}
}

func TestTooLarge(t *testing.T) {
	d := openURL(t, natstest.JetStream(t).URL, quiet)
	events := drivertest.Trace(4, 0)
	for i := 1; i < 3; i++ {
		events[i].Change(func(f *record.Fields) { f.Info = drivertest.Info(strings.Repeat("x", 1<<20)) })
	}
	var rejected *record.RejectedError
	err := d.Notify(t.Context(), events)
	if !errors.As(err, &rejected) || len(rejected.Indexes) != 2 || rejected.Indexes[0] != 1 || rejected.Indexes[1] != 2 {
		t.Errorf("Notify: %v", err)
	}
	if n := stored(t, d); n != 2 {
		t.Errorf("%d records in the stream, want 2", n)
	}
}

// stored counts the records in the stream, repeats too.
func stored(t *testing.T, d *drivers.Store) uint64 {
	t.Helper()
	n, err := count(t, d)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func count(t *testing.T, d *drivers.Store) (n uint64, err error) {
	err = inside(d).walk(t.Context(), inside(d).config.subjects(), func(_ string, _ uint64, payload []byte) bool {
		if _, err := record.Parse(payload); err != nil {
			t.Error(err)
		}
		n++
		return true
	})
	return n, err
}

// TestFrozenReader: a server that stops in the middle of a read does not make a
// trace look shorter.
func TestFrozenReader(t *testing.T) {
	s := servertest.NATS(t)
	d := openURL(t, urlOf(s), quiet)
	events := drivertest.Trace(4*perFetch, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	n := 0
	var last error
	for _, err := range d.Records(ctx, events[0].Trace().String()) {
		if n++; n == 10 {
			s.Freeze()
		}
		last = err
	}
	if !errors.Is(last, context.DeadlineExceeded) {
		t.Errorf("%d records and %v, want that the deadline has passed", n, last)
	}
	s.Thaw()
}

// TestRestartedWhileReading: a reader never takes a part of a trace for the
// whole.
func TestRestartedWhileReading(t *testing.T) {
	s := natstest.JetStream(t)
	d := openURL(t, s.URL, quiet)
	events := drivertest.Trace(4*perFetch, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	n := 0
	var last error
	for _, err := range d.Records(t.Context(), events[0].Trace().String()) {
		if n++; n == 10 {
			s.Restart()
		}
		last = err
	}
	if last == nil && n != len(events) {
		t.Errorf("%d of %d records and no error", n, len(events))
	}
}

// TestClusterLosesItsLeader: with three replicas, a server that is killed takes
// nothing with it.
func TestClusterLosesItsLeader(t *testing.T) {
	nodes := servertest.NATSCluster(t)
	d := openURL(t, "nats://"+nodes[0].Addr+","+nodes[1].Addr+","+nodes[2].Addr+"?replicas=3", quiet)
	l := load.Start(t, d, time.Second)
	l.Work(500)
	l.Until(t, "the first records", load.Acknowledged(1000))
	stream, err := inside(d).js.Stream(t.Context(), "OSPROFILER")
	if err != nil {
		t.Fatal(err)
	}
	leader := stream.CachedInfo().Cluster.Leader
	for i, node := range nodes {
		if leader == "node"+string(rune('0'+i)) {
			l.Work(500)
			node.Kill()
		}
	}
	l.Work(500)
	l.Until(t, "the records after the leader's death", load.Acknowledged(2000))
	recorded := l.All(t)
	if recorded != 3000 {
		t.Errorf("%d records, want 3000: was the leader %q killed?", recorded, leader)
	}
	// The servers that are left have to agree on a leader of the cluster before
	// they take a reader.
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		n, err := count(t, d)
		if err == nil && n == recorded {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d records in the stream and %v, want %d", n, err, recorded)
		}
	}
}

func TestLogsNoSecrets(t *testing.T) {
	var log lockedBuffer // NATS' client calls back after Close too
	s := natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir(), Username: "root", Password: "hunter2"})
	d := openURL(t, "nats://root:hunter2@"+s.Addr, drivers.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err := d.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	for end := time.Now().Add(time.Minute); d.Ping(t.Context()) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not connected again")
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Contains(text, "hunter2") {
		t.Errorf("the log is %q", text)
	}
}

// lockedBuffer is a log that may be written to while it is read.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
