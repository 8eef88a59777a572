package drain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// shelf is a store in memory that does what a test wants. Records are kept as often
// as they come, as Redis does.
type shelf struct {
	mu     sync.Mutex
	kept   map[string][][]byte // by trace
	before func(events []record.Event) error
	after  func(events []record.Event) error
	reads  int
}

var errDown = fmt.Errorf("%w: the shelf is down", record.ErrNotSent)

func (s *shelf) Notify(_ context.Context, events []record.Event) error {
	s.mu.Lock()
	before, after := s.before, s.after
	s.mu.Unlock()
	if before != nil {
		if err := before(events); err != nil {
			return err
		}
	}
	s.mu.Lock()
	if s.kept == nil {
		s.kept = map[string][][]byte{}
	}
	for i := range events {
		trace := events[i].Trace().String()
		s.kept[trace] = append(s.kept[trace], events[i].AppendJSON(nil))
	}
	s.mu.Unlock()
	if after != nil {
		return after(events)
	}
	return nil
}

func (s *shelf) Close() error { return nil }

func (s *shelf) Records(_ context.Context, trace string) iter.Seq2[record.Record, error] {
	s.mu.Lock()
	s.reads++
	kept := s.kept[trace]
	s.mu.Unlock()
	return func(yield func(record.Record, error) bool) {
		for _, text := range kept {
			if r, err := record.Parse(text); !yield(r, err) {
				return
			}
		}
	}
}

// when has calls of Notify do something before and after the records are kept.
func (s *shelf) when(before, after func([]record.Event) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

func (s *shelf) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, texts := range s.kept {
		n += len(texts)
	}
	return n
}

func store(s *shelf) *drivers.Store { return drivers.NewStore("shelf://", s) }

// openSpool opens a spool of the test's own.
func openSpool(t testing.TB) *spool.Spool {
	t.Helper()
	s, err := spool.Open(t.Context(), spool.Config{Dir: t.TempDir(), Sync: time.Minute, MaxBytes: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// batch is a message with the records of a trace.
func batch(id string, events []record.Event) spool.Batch {
	b := spool.Batch{ID: id, Trace: events[0].Trace().String(), Records: len(events)}
	for i := range events {
		b.Text = append(events[i].AppendJSON(b.Text), '\n')
	}
	return b
}

func publish(t testing.TB, s *spool.Spool, batches ...spool.Batch) {
	t.Helper()
	for i, r := range s.Publish(t.Context(), batches) {
		if r.Err != nil {
			t.Fatalf("%s: %v", batches[i].ID, r.Err)
		}
	}
}

// fill publishes messages of five records each, and returns their records.
func fill(t testing.TB, s *spool.Spool, messages int) (all []record.Event) {
	t.Helper()
	var batches []spool.Batch
	for i := range messages {
		events := drivertest.Trace(5, time.Duration(i)*time.Second)
		all = append(all, events...)
		batches = append(batches, batch(fmt.Sprint("fill-", i), events))
	}
	publish(t, s, batches...)
	return all
}

// consumer is the shared one, with a shorter wait.
func consumer(t testing.TB, s *spool.Spool, ackWait time.Duration) jetstream.Consumer {
	t.Helper()
	c, err := s.JetStream().CreateOrUpdateConsumer(t.Context(), spool.StreamName, jetstream.ConsumerConfig{
		Durable: ConsumerName, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: maxAckPending, MaxDeliver: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// running is a drain that runs until it is stopped, or the test ends.
type running struct {
	*Drain
	t    testing.TB
	log  *lockedBuffer
	stop context.CancelFunc
	done chan struct{}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

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

const testAckWait = 2 * time.Second

func run(t testing.TB, s *spool.Spool, change func(*Config), stores ...*drivers.Store) *running {
	t.Helper()
	log := &lockedBuffer{}
	c := Config{
		Source: consumer(t, s, testAckWait), AckWait: testAckWait, Stores: stores, Quarantine: s.Quarantine,
		Reach: s.JetStream().Conn().FlushWithContext, Log: slog.New(slog.NewTextHandler(log, nil)), pause: time.Millisecond,
	}
	if change != nil {
		change(&c)
	}
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{d, t, log, stop, make(chan struct{})}
	go func() {
		d.Run(ctx)
		close(r.done)
	}()
	t.Cleanup(r.end)
	return r
}

func (r *running) end() {
	r.t.Helper()
	r.stop()
	watchdog.Await(r.t, "the drain's end", r.done)
}

// empty waits until the spool has no messages.
func empty(t testing.TB, s *spool.Spool) {
	t.Helper()
	watchdog.Until(t, "an empty spool", func() bool {
		state, err := s.State(t.Context())
		return err == nil && state.Messages == 0
	})
}

// once fails the test unless a store has each record once and nothing else.
func once(t testing.TB, s *drivers.Store, events []record.Event) {
	t.Helper()
	want := map[identity]bool{}
	traces := map[string]bool{}
	for i := range events {
		want[identityOf(&events[i])] = true
		traces[events[i].Trace().String()] = true
	}
	got, twice, strange := map[identity]bool{}, 0, 0
	for trace := range traces {
		for r, err := range s.Records(t.Context(), trace) {
			if err != nil {
				t.Fatal(err)
			}
			id := identity{r.Trace, r.Point, strings.Clone(r.Name)}
			id.point = strings.Clone(id.point)
			id.trace = trace
			switch {
			case !want[id]:
				strange++
			case got[id]:
				twice++
			}
			got[id] = true
		}
	}
	if len(got) != len(want) || twice > 0 || strange > 0 {
		t.Errorf("%s has %d of %d records, %d of them twice, and %d others", s.URL(), len(got), len(want), twice, strange)
	}
}

// quarantined returns what is in the quarantine, the oldest first.
func quarantined(t testing.TB, s *spool.Spool) (all []spool.Bad) {
	t.Helper()
	stream, err := s.JetStream().Stream(t.Context(), spool.QuarantineStream)
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := info.State.FirstSeq; n > 0 && n <= info.State.LastSeq; n++ {
		m, err := stream.GetMsg(t.Context(), n)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, spool.DecodeBad(m.Header, m.Data))
	}
	return all
}
