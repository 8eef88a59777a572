package partition

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/drain"
	"github.com/sonde-go/sonde/relay/internal/spool"
	"github.com/sonde-go/sonde/relay/internal/tail"
)

// testAckWait is long enough for a busy machine to say in time what is held.
const testAckWait = 3 * time.Second

// quiet is long enough for the parts of a trace to follow each other on a busy machine,
// which is checked too.
const quiet = 3 * time.Second

// rules keep errors only.
func rules() tail.Rules {
	r := tail.Defaults()
	r.Quiet, r.AtMost, r.Errors = quiet, time.Minute, true
	return r
}

// collect is a collector whose store is the test, asked over NATS.
func collect(ctx context.Context, url string) error {
	s, err := spool.Open(ctx, spool.Config{URL: url})
	if err != nil {
		return err
	}
	defer s.Close()
	log := slog.New(slog.DiscardHandler)
	if os.Getenv(asCollector) != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	t, err := New(ctx, Config{
		JS: s.JetStream(), Rules: rules(), AckWait: testAckWait, Log: log,
		alive: 250 * time.Millisecond, pinned: 4 * time.Second, tick: 50 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	conn := s.JetStream().Conn()
	d, err := drain.New(drain.Config{
		Source: t, Decider: t, AckWait: testAckWait, Quarantine: s.Quarantine, Log: log, Grace: 3 * time.Second,
		Stores: []*drivers.Store{drivers.NewStore("test://", asking{conn})}, Reach: conn.FlushWithContext,
	})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { d.Run(ctx) })
	defer wg.Wait()
	return t.Run(ctx)
}

const storeSubject = "test.store"

// asking is a store that sends records to the test and awaits its answer.
type asking struct{ conn *nats.Conn }

func (a asking) Notify(ctx context.Context, events []record.Event) error {
	for len(events) > 0 {
		var text []byte
		n := 0
		for ; n < len(events) && len(text) < 256<<10; n++ {
			text = append(events[n].AppendJSON(text), '\n')
		}
		if _, err := a.conn.RequestWithContext(ctx, storeSubject, text); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

func (a asking) Close() error { return nil }

// site is a NATS server, its spool, and what collectors have stored.
type site struct {
	t     *testing.T
	url   string
	spool *spool.Spool

	mu     sync.Mutex
	stored map[string]map[string]bool // (point, name) by trace
	marks  map[string]bool            // traces that say why they were kept
	sent   int

	published map[string][]time.Time // parts, by trace
}

func newSite(t *testing.T) *site {
	t.Helper()
	server := natstest.JetStream(t)
	s := &site{t: t, url: server.URL, stored: map[string]map[string]bool{}, marks: map[string]bool{}, published: map[string][]time.Time{}}
	var err error
	s.spool, err = spool.Open(t.Context(), spool.Config{URL: s.url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.spool.Close() })
	_, err = s.spool.JetStream().Conn().Subscribe(storeSubject, func(msg *nats.Msg) {
		s.keep(msg.Data)
		_ = msg.Respond(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) keep(text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range bytes.Lines(text) {
		r, err := record.Parse(line)
		if err != nil {
			s.t.Errorf("stored: %v", err)
			continue
		}
		if s.stored[r.Trace] == nil {
			s.stored[r.Trace] = map[string]bool{}
		}
		s.stored[r.Trace][r.Point+" "+r.Name] = true
		if bytes.Contains(line, []byte(`"kept":{"by":"errors","of":1`)) {
			s.marks[r.Trace] = true
		}
	}
}

// trace is one of the test's: parts are its messages, the error in the last.
type trace struct {
	id     header.ID
	failed bool
	parts  []spool.Batch
}

const (
	parts  = 3
	points = 2 // of a part
)

// newTrace makes a trace of six points, 12 records.
func (s *site) newTrace(failed bool) *trace {
	s.sent++
	t := &trace{id: header.NewSampledID(0.5), failed: failed}
	for i := range parts {
		var events []record.Event
		for range points {
			f := record.Fields{Point: header.NewID(), Parent: t.id, Trace: t.id, Name: "p", Time: time.Now().UnixNano(), Project: "p", Service: "s", Info: []byte(`{"host":"h"}`)}
			events = append(events, record.New(f))
			f.Phase, f.Time = record.Stop, f.Time+int64(time.Millisecond)
			if failed && i == parts-1 {
				f.Info = []byte(`{"etype":"E","message":"m","host":"h"}`)
			}
			events = append(events, record.New(f))
		}
		b := spool.Batch{ID: fmt.Sprintf("%s-%d", t.id, i), Trace: t.id.String(), Records: len(events)}
		for i := range events {
			b.Text = append(events[i].AppendJSON(b.Text), '\n')
		}
		t.parts = append(t.parts, b)
	}
	return t
}

func (s *site) publish(batches ...spool.Batch) {
	s.t.Helper()
	for i, r := range s.spool.Publish(s.t.Context(), batches) {
		s.published[batches[i].Trace] = append(s.published[batches[i].Trace], time.Now())
		if r.Err != nil {
			s.t.Fatalf("%s: %v", batches[i].ID, r.Err)
		}
	}
}

// load publishes n traces, of which every tenth fails, their parts mixed.
func (s *site) load(n int) (all []*trace) {
	s.t.Helper()
	var batches []spool.Batch
	for i := range n {
		t := s.newTrace(i%10 == 0)
		all = append(all, t)
		for _, b := range t.parts {
			batches = slices.Insert(batches, max(0, len(batches)-rand.IntN(30)), b)
		}
	}
	for len(batches) > 0 {
		few := min(30, len(batches))
		s.publish(batches[:few]...)
		batches = batches[few:]
	}
	return all
}

// awaitEmpty waits until everything in the spool is decided and stored.
func (s *site) awaitEmpty() {
	s.t.Helper()
	watchdog.Until(s.t, "the spool to be empty", func() bool {
		state, err := s.spool.State(s.t.Context())
		return err == nil && state.Messages == 0
	})
}

// check compares what is stored with what was sent: failed traces whole, of others
// nothing.
func (s *site) check(all []*trace) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	whole, half, wrong, unmarked, slow := 0, 0, 0, 0, 0
	for _, t := range all {
		n := len(s.stored[t.id.String()])
		switch {
		case t.failed && n == parts*points*2:
			whole++
			if !s.marks[t.id.String()] {
				unmarked++
			}
		case t.failed && n == 0 && s.slow(t):
			slow++
		case t.failed:
			half++
			s.t.Logf("%s failed: %d records, its parts came at %v", t.id, n, s.published[t.id.String()])
		case n != 0:
			wrong++
		}
	}
	s.t.Logf("%d traces: %d that failed are whole, %d are not; of %d others something is stored; %d do not say why they were kept; %d came too slowly to be known", len(all), whole, half, wrong, unmarked, slow)
	if half != 0 || wrong != 0 || unmarked != 0 || whole <= slow {
		s.t.Error("want all that failed, whole and marked, and no other")
	}
}

// hasAny reports whether something of these traces is stored.
func (s *site) hasAny(some []*trace) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(some, func(t *trace) bool { return s.stored[t.id.String()] != nil })
}

// slow reports whether the trace was quiet before the part that failed came.
func (s *site) slow(t *trace) bool {
	at := s.published[t.id.String()]
	for i := range at[1:] {
		if at[i+1].Sub(at[i]) > quiet/2 {
			return true
		}
	}
	return false
}

// process starts a collector of its own process.
func (s *site) process() *exec.Cmd {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), asCollector+"="+s.url)
	var out lockedBuffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if s.t.Failed() || testing.Verbose() {
			s.t.Logf("collector %d:\n%s", c.Process.Pid, tailOf(out.String()))
		}
	})
	return c
}

func tailOf(text string) string { return text[max(0, len(text)-4000):] }

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*lockedBuffer)(nil)

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// awaitHolders waits until so many collectors have decided something since.
func (s *site) awaitHolders(n int, since time.Time) {
	s.t.Helper()
	kv, err := s.spool.JetStream().KeyValue(s.t.Context(), Bucket)
	if err != nil {
		s.t.Fatal(err)
	}
	watchdog.Until(s.t, fmt.Sprintf("%d collectors that decide", n), func() bool {
		s.load(6)
		by := map[string]bool{}
		for p := range spool.Partitions {
			if e, err := kv.Get(s.t.Context(), key(p)); err == nil && e.Created().After(since) {
				if name, err := read(e.Value(), func(uint64, tail.Verdict) {}); err == nil {
					by[name] = true
				}
			}
		}
		return len(by) == n
	})
}
