package profiler_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(asProgram); mode != "" {
		signalPrograms[mode]()
		return
	}
	goleak.VerifyTestMain(m)
}

// store is a sink that keeps a copy of what it takes. Before it takes a batch
// it asks before, if there is one.
type store struct {
	before func(ctx context.Context, events []record.Event) error
	mu     sync.Mutex
	events []record.Event
}

func (s *store) Notify(ctx context.Context, events []record.Event) error {
	if s.before != nil {
		if err := s.before(ctx, events); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range events {
		s.events = append(s.events, events[i].Clone())
	}
	return nil
}

func (s *store) all() []record.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// names are the records in the store's order.
func (s *store) names() []string {
	var names []string
	for _, e := range s.all() {
		names = append(names, e.RecordName())
	}
	return names
}

func (s *store) find(t *testing.T, name string) *record.Event {
	t.Helper()
	for _, e := range s.all() {
		if e.RecordName() == name {
			return &e
		}
	}
	t.Fatalf("no record %s among %v", name, s.names())
	return nil
}

func newService(t testing.TB, sink record.Sink, change ...func(*profiler.Config)) *profiler.Service {
	t.Helper()
	keys, err := header.ParseKeys("k1,k2")
	if err != nil {
		t.Fatal(err)
	}
	c := profiler.Config{
		Name: "api", Project: "shop", Host: "host-a", Keys: keys, Sink: sink,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, f := range change {
		f(&c)
	}
	s, err := profiler.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func closeFast(s *profiler.Service) error {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	return s.Close(ctx)
}

func mustClose(t *testing.T, s *profiler.Service) {
	t.Helper()
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// balanced checks the accounts of a closed Service.
func balanced(t *testing.T, s *profiler.Service) profiler.Stats {
	t.Helper()
	st := s.Stats()
	if st.Recorded != st.Acknowledged+st.Dropped.Total()+st.Unconfirmed || st.Waiting != 0 {
		t.Errorf("the accounts do not balance: %+v", st)
	}
	return st
}

func info(t *testing.T, e *record.Event) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(e.Info(), &m); err != nil {
		t.Fatalf("info of %s is not JSON: %v: %s", e.RecordName(), err, e.Info())
	}
	return m
}

var errSink = errors.New("the store is full")

// lost is how many lost records e reports.
func lost(t *testing.T, e *record.Event) float64 {
	t.Helper()
	sonde, _ := info(t, e)["sonde"].(map[string]any)
	n, _ := sonde["lost"].(float64)
	return n
}
