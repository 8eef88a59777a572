package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	_ "github.com/sonde-go/sonde/drivers/redis"
	_ "github.com/sonde-go/sonde/drivers/sqlite"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a NATS cluster that a test fills.
type site struct {
	t     *testing.T
	url   string
	spool *spool.Spool
	sent  map[string][]record.Event // by trace
	n     int
}

func newSite(t *testing.T, url string, replicas int) *site {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := spool.Open(ctx, spool.Config{URL: url, Replicas: replicas, Patience: 10 * time.Second, MaxBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &site{t: t, url: url, spool: s, sent: map[string][]record.Event{}}
}

// load publishes traces of eight records in two messages each.
func (s *site) load(traces int) {
	s.t.Helper()
	var batches []spool.Batch
	for range traces {
		events := drivertest.Trace(8, 0)
		trace := events[0].Trace().String()
		s.sent[trace] = events
		for _, part := range [][]record.Event{events[:5], events[5:]} {
			s.n++
			b := spool.Batch{ID: fmt.Sprint("load-", s.n), Trace: trace, Records: len(part)}
			for i := range part {
				b.Text = append(part[i].AppendJSON(b.Text), '\n')
			}
			batches = append(batches, b)
		}
	}
	for len(batches) > 0 {
		var again []spool.Batch
		for i, r := range s.spool.Publish(s.t.Context(), batches) {
			if r.Err != nil { // a node may be down just now
				again = append(again, batches[i])
			}
		}
		batches = again
	}
}

func (s *site) empty() {
	s.t.Helper()
	watchdog.Until(s.t, "an empty spool", func() bool {
		state, err := s.spool.State(s.t.Context())
		return err == nil && state.Messages == 0
	})
}

// once fails the test unless a store has each record that was sent once.
func (s *site) once(store *drivers.Store) {
	s.t.Helper()
	missing, twice := 0, 0
	for trace, events := range s.sent {
		have := map[string]int{}
		for r, err := range store.Records(s.t.Context(), trace) {
			if err != nil {
				s.t.Fatal(err)
			}
			have[r.Point+" "+r.Name]++
		}
		for i := range events {
			switch n := have[events[i].Point().String()+" "+events[i].RecordName()]; {
			case n == 0:
				missing++
			case n > 1:
				twice++
			}
		}
	}
	if missing > 0 || twice > 0 {
		s.t.Errorf("%s: of %d traces, %d records are missing and %d are there twice", store.URL(), len(s.sent), missing, twice)
	}
}

func openStore(t *testing.T, url string) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{SocketTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// running is a collector that runs until it is stopped, or the test ends.
type running struct {
	*Collector
	stop func()
}

func run(t *testing.T, c Config) running {
	t.Helper()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	made, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- made.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := watchdog.Await(t, "the collector's end", done); err != nil {
			t.Errorf("the collector: %v", err)
		}
	}
	t.Cleanup(stop)
	return running{made, stop}
}

// TestCollectorsShare: two collectors, two stores; one collector leaves in between.
func TestCollectorsShare(t *testing.T) {
	s := newSite(t, natstest.JetStream(t).URL, 1)
	redis := servertest.Redis(t)
	urls := []string{"sqlite:///" + filepath.Join(t.TempDir(), "traces.db"), "redis://" + redis.Addr}
	c := Config{JetStream: s.url, StopTimeout: time.Minute}
	for _, url := range urls {
		c.Stores = append(c.Stores, openStore(t, url))
	}
	s.load(100)
	leaving := run(t, c)
	run(t, c)
	s.load(300)
	leaving.stop()
	s.load(50)
	s.empty()
	for _, store := range c.Stores {
		s.once(store)
	}
	if st := leaving.drain.Stats(); st.HeldMessages != 0 || st.Stores[0].Stored == 0 {
		t.Errorf("%+v", st)
	}
}

// TestStoreIsAway: Redis is killed and comes back; nothing is lost or doubled, and
// the other store does not wait for it.
func TestStoreIsAway(t *testing.T) {
	s := newSite(t, natstest.JetStream(t).URL, 1)
	redis := servertest.Redis(t)
	away := openStore(t, "redis://"+redis.Addr)
	here := openStore(t, "sqlite:///"+filepath.Join(t.TempDir(), "traces.db"))
	c := run(t, Config{JetStream: s.url, Stores: []*drivers.Store{away, here}, Metrics: "127.0.0.1:0"})
	s.load(50)
	redis.Kill()
	s.load(150)
	watchdog.Until(t, "the other store", func() bool {
		st := c.Status(t.Context())
		return st.Stores[1].Stored == 200*8 && st.Stores[0].Failing && st.Ready
	})
	if text := get(t, c, "/metrics", http.StatusOK); !strings.Contains(text, "sonde_collector_stores_failing 1\n") {
		t.Error(text)
	}
	redis.Restart()
	s.empty()
	s.once(away)
	s.once(here)
}

// TestClusterLosesNodes: the nodes of a cluster are killed and started again one after
// the other under load.
func TestClusterLosesNodes(t *testing.T) {
	if os.Getenv("SONDE_TEST_ALL") == "" {
		t.Skip("takes half a minute: make test-all; relay/faults kills nodes too")
	}
	nodes := servertest.NATSCluster(t)
	var urls []string
	for _, n := range nodes {
		urls = append(urls, "nats://"+n.Addr)
	}
	s := newSite(t, strings.Join(urls, ","), 3)
	redis := openStore(t, "redis://"+servertest.Redis(t).Addr)
	c := Config{JetStream: s.url, Stores: []*drivers.Store{redis}, Replicas: 3}
	run(t, c)
	run(t, c)
	for _, n := range nodes {
		s.load(60)
		n.Kill()
		s.load(60)
		n.Restart()
	}
	s.empty()
	s.once(redis)
}

func get(t *testing.T, c running, path string, code int) string {
	t.Helper()
	resp, err := http.Get("http://" + c.Address() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != code {
		t.Errorf("%s: %s %s: %v", path, resp.Status, text, err)
	}
	http.DefaultClient.CloseIdleConnections()
	return string(text)
}

// TestQuestions: what the listener answers, also when the cluster is away.
func TestQuestions(t *testing.T) {
	nats := natstest.JetStream(t)
	s := newSite(t, nats.URL, 1)
	c := run(t, Config{JetStream: s.url, Stores: []*drivers.Store{openStore(t, "sqlite:///"+filepath.Join(t.TempDir(), "traces.db"))}, Metrics: "127.0.0.1:0"})
	s.load(3)
	s.empty()
	get(t, c, "/healthz", http.StatusOK)
	get(t, c, "/readyz", http.StatusOK)
	var st Status
	if err := json.Unmarshal([]byte(get(t, c, "/v1/status", http.StatusOK)), &st); err != nil || st.Records != 24 || st.Stores[0].Stored != 24 || st.Tail != nil {
		t.Errorf("%+v, %v", st, err)
	}
	text := get(t, c, "/metrics", http.StatusOK)
	for _, line := range []string{"sonde_collector_records_received_total 24", "sonde_collector_ready 1", "sonde_collector_spool_messages 0"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	nats.Stop()
	get(t, c, "/healthz", http.StatusOK)
	if text := get(t, c, "/readyz", http.StatusServiceUnavailable); !strings.Contains(text, "not ready") {
		t.Error(text)
	}
	nats.Restart()
	s.load(3)
	s.empty()
	get(t, c, "/readyz", http.StatusOK)
}

func TestNewRefuses(t *testing.T) {
	nats := natstest.JetStream(t)
	store := []*drivers.Store{openStore(t, "sqlite:///"+filepath.Join(t.TempDir(), "traces.db"))}
	nothing := filepath.Join(t.TempDir(), "tail.yaml")
	if err := os.WriteFile(nothing, []byte("# later\nkeep: {errors: false, slowest: 0%}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Config{
		"needs the URL":  {},
		"no store":       {JetStream: nats.URL},
		"127.0.0.1:1: ":  {JetStream: "nats://127.0.0.1:1", Stores: store},
		"no such file":   {JetStream: nats.URL, Stores: store, Tail: "/nowhere"},
		"other machines": {JetStream: nats.URL, Stores: store, Metrics: "0.0.0.0:0"},
		"under keep":     {JetStream: nats.URL, Stores: store, Tail: nothing},
		"address for":    {JetStream: nats.URL, Stores: store, Metrics: "9464"},
		"credentials":    {JetStream: nats.URL, Stores: store, Credentials: "/nowhere.credentials"},
	} {
		if _, err := New(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
