package nats

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
)

// forgetful stands in for a cluster that has just lost its leader: it leaves the
// first of each request and each message without an answer.
type forgetful struct {
	mu    sync.Mutex
	times map[string]int // that a subject, or an id of a message, came
}

func (f *forgetful) again(what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times[what]++
	return f.times[what] > 1
}

func newForgetful(t *testing.T, url string) *forgetful {
	t.Helper()
	f := &forgetful{times: map[string]int{}}
	c, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for subject, answer := range map[string]string{
		"$JS.API.STREAM.INFO.OSPROFILER": `{"config":{"name":"OSPROFILER","subjects":["OSPROFILER.>"]}}`,
		"OSPROFILER.>":                   `{"stream":"OSPROFILER","seq":1}`,
	} {
		_, err := c.Subscribe(subject, func(m *nats.Msg) {
			what := m.Subject
			if id := m.Header.Get(jetstream.MsgIDHeader); id != "" {
				what = id
			}
			if f.again(what) {
				_ = m.Respond([]byte(answer))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestAsksAgain: what is left without an answer is sent again within one Notify,
// under the same id, and nothing else is.
func TestAsksAgain(t *testing.T) {
	s := natstest.NATS(t)
	f := newForgetful(t, s.URL)
	d := openURL(t, s.URL, drivers.Options{SocketTimeout: 2 * time.Minute, Logger: quiet.Logger})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // tells a hang from an end
	defer cancel()
	if err := d.Notify(ctx, drivertest.Trace(10, 0)); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for what, times := range f.times {
		if times < 2 {
			t.Errorf("%s came %d times, want it again", what, times)
		}
	}
	if len(f.times) != 14 {
		t.Errorf("%d requests and messages, want one request, three entries of the index and ten messages: %v", len(f.times), f.times)
	}
}

// TestBackWithinNotify: a connection that is lost and made anew costs no batch.
func TestBackWithinNotify(t *testing.T) {
	s := natstest.JetStream(t)
	d := openURL(t, s.URL, drivers.Options{SocketTimeout: 2 * time.Minute, Logger: quiet.Logger})
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	for end := time.Now().Add(time.Minute); inside(d).conn.IsConnected(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("connected to a server that has stopped")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // tells a hang from an end
	defer cancel()
	failed := make(chan error)
	go func() { failed <- d.Notify(ctx, drivertest.Trace(2, 0)) }()
	s.Restart()
	if err := <-failed; err != nil {
		t.Errorf("Notify while the server comes back: %v", err)
	}
	if n := stored(t, d); n != 4 {
		t.Errorf("%d records in the stream, want 4", n)
	}
}

// TestLeaderKilled: one Notify spans the election of a new leader, and nothing
// is stored twice.
func TestLeaderKilled(t *testing.T) {
	nodes := servertest.NATSCluster(t)
	d := openURL(t, urlOfAll(nodes)+"?replicas=3", drivers.Options{SocketTimeout: 2 * time.Minute, Logger: quiet.Logger})
	events := drivertest.Trace(1000, 0)
	// The servers have to find each other first.
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := d.Notify(t.Context(), events[:500])
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	info, err := inside(d).find(t.Context(), inside(d).js)
	if err != nil {
		t.Fatal(err)
	}
	leader := info.CachedInfo().Cluster.Leader
	var others []*servertest.Server
	for i, node := range nodes {
		if leader == fmt.Sprint("node", i) {
			defer node.Kill()
			continue
		}
		others = append(others, node)
	}
	// A client of another server, whose connection stays.
	o := openURL(t, urlOfAll(others)+"?replicas=3", drivers.Options{SocketTimeout: 2 * time.Minute, Logger: quiet.Logger})
	if err := o.Notify(t.Context(), events[:500]); err != nil {
		t.Fatal(err)
	}
	for i, node := range nodes {
		if leader == fmt.Sprint("node", i) {
			node.Kill()
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // tells a hang from an end
	defer cancel()
	if err := o.Notify(ctx, events); err != nil {
		t.Errorf("Notify while a leader is elected: %v", err)
	}
	if n := messages(t, "nats://"+others[0].Addr, "OSPROFILER"); n != 1000 {
		t.Errorf("%d records in the stream, want 1000", n)
	}
}

func urlOfAll(nodes []*servertest.Server) string {
	var addrs []string
	for _, n := range nodes {
		addrs = append(addrs, n.Addr)
	}
	return "nats://" + strings.Join(addrs, ",")
}
