package profiler_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// points writes n points, each in a trace of its own.
func points(s *profiler.Service, n int) {
	for range n {
		_, p := s.Begin(context.Background(), profiler.Opening{Name: "job"})
		p.Stop()
	}
}

func TestAccountsSinkHangs(t *testing.T) {
	t.Run("until its context ends", func(t *testing.T) {
		onOwnClock(t, func(t *testing.T) {
			s := newService(t, &store{before: func(ctx context.Context, _ []record.Event) error {
				<-ctx.Done()
				return ctx.Err()
			}})
			points(s, 50)
			if err := closeFast(s); err == nil {
				t.Error("Close says nothing")
			}
			if st := balanced(t, s); st.Recorded != 100 || st.Unconfirmed != 100 {
				t.Errorf("%+v", st)
			}
		})
	})
	t.Run("and ignores its context", func(t *testing.T) {
		onOwnClock(t, func(t *testing.T) {
			release := make(chan struct{})
			s := newService(t, &store{before: func(context.Context, []record.Event) error {
				<-release
				return nil
			}})
			points(s, 50)
			time.Sleep(time.Second)
			points(s, 10) // are never tried
			if err := closeFast(s); err == nil {
				t.Error("Close says nothing")
			}
			st := balanced(t, s)
			if st.Recorded != 120 || st.Unconfirmed != 100 || st.Dropped.Undelivered != 20 {
				t.Errorf("%+v", st)
			}
			close(release) // the late answer changes nothing
			if err := s.Close(context.Background()); err == nil {
				t.Error("the second Close says nothing")
			}
			if again := balanced(t, s); again.Unconfirmed != st.Unconfirmed || again.Acknowledged != 0 {
				t.Errorf("the accounts changed: %+v, then %+v", st, again)
			}
		})
	})
}

// TestBurst: a burst that a sink of 50 ms a batch is far behind loses nothing
// with the default limits.
func TestBurst(t *testing.T) {
	onOwnClock(t, func(t *testing.T) {
		sink := &store{before: func(context.Context, []record.Event) error {
			time.Sleep(50 * time.Millisecond)
			return nil
		}}
		s := newService(t, sink)
		ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
		for range 20_000 {
			_, p := profiler.Start(ctx, "step", slog.Int("n", 1))
			p.Stop()
		}
		root.Stop()
		mustClose(t, s)
		if st := balanced(t, s); st.Acknowledged != 40_002 || len(sink.all()) != 40_002 {
			t.Errorf("%+v, stored %d", st, len(sink.all()))
		}
	})
}

func TestCloseDuringLoad(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !stop.Load() {
				points(s, 10)
			}
		}()
	}
	watchdog.Until(t, "1000 records", func() bool { return len(sink.all()) >= 1000 })
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	atClose := len(sink.all())
	stop.Store(true)
	wg.Wait()
	st := balanced(t, s)
	if int(st.Acknowledged) != atClose || len(sink.all()) != atClose {
		t.Errorf("acknowledged %d, stored %d at Close and %d later", st.Acknowledged, atClose, len(sink.all()))
	}
	before := st.Dropped.Closed
	points(s, 5)
	if st := balanced(t, s); st.Dropped.Closed != before+10 {
		t.Errorf("points after Close: dropped %d, then %d", before, st.Dropped.Closed)
	}
}

func TestSinkRecovers(t *testing.T) {
	var calls atomic.Int32
	sink := &store{before: func(context.Context, []record.Event) error {
		if calls.Add(1) <= 2 {
			return errSink
		}
		return nil
	}}
	var log bytes.Buffer
	s := newService(t, sink, func(c *profiler.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	points(s, 20)
	mustClose(t, s)
	if st := balanced(t, s); st.Acknowledged != 40 || st.Retries == 0 {
		t.Errorf("%+v", st)
	}
	for _, want := range []string{errSink.Error(), "again"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, log.String())
		}
	}
}

func TestRejectedRecordsAreDropped(t *testing.T) {
	sink := &store{before: func(_ context.Context, events []record.Event) error {
		var bad []int
		for i, e := range events {
			if e.Name() == "bad" {
				bad = append(bad, i)
			}
		}
		if bad != nil {
			return &record.RejectedError{Indexes: bad, Err: errSink}
		}
		return nil
	}}
	s := newService(t, sink)
	ctx, p := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	_, bad := profiler.Start(ctx, "bad")
	bad.Stop()
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	p.Stop()
	mustClose(t, s)
	if st := balanced(t, s); st.Dropped.Rejected != 2 || st.Acknowledged != 2 {
		t.Errorf("%+v", st)
	}
	if got := sink.names(); !slices.Equal(got, []string{"root-start", "root-stop"}) {
		t.Errorf("stored %v", got)
	}
	sonde, _ := info(t, sink.find(t, "root-stop"))["sonde"].(map[string]any)
	if sonde["lost"] != 2.0 {
		t.Errorf("the trace does not tell its loss: %s", sink.find(t, "root-stop").Info())
	}
}

// TestQueueIsBounded: with a sink that stands still the queue drops what it
// has no room for, counts it, and tells it in the trace's next record.
func TestQueueIsBounded(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit func(*profiler.QueueConfig)
	}{
		{"by count", func(q *profiler.QueueConfig) { q.MaxEvents = 64 }},
		{"by bytes", func(q *profiler.QueueConfig) { q.MaxBytes = 64 << 10 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			release := make(chan struct{})
			sink := &store{before: func(ctx context.Context, _ []record.Event) error {
				select {
				case <-release:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}}
			s := newService(t, sink, func(cfg *profiler.Config) { c.limit(&cfg.Queue) })
			ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
			for range 5000 {
				_, p := profiler.Start(ctx, "step", slog.String("text", strings.Repeat("x", 50)))
				p.Stop()
			}
			if st := s.Stats(); st.Dropped.QueueFull == 0 || st.Waiting > 2048 {
				t.Errorf("%+v", st)
			}
			close(release)
			if err := s.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			root.Stop()
			mustClose(t, s)
			st := balanced(t, s)
			told := 0.0
			for _, e := range sink.all() {
				told += lost(t, &e)
			}
			if told != float64(st.Dropped.Total()) {
				t.Errorf("the trace tells of %v lost records, %d were dropped", told, st.Dropped.Total())
			}
		})
	}
}

// TestSequence: producer and sequence show that nothing is missing.
func TestSequence(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			points(s, 100)
		}()
	}
	wg.Wait()
	mustClose(t, s)
	seen := map[uint64]bool{}
	for _, e := range sink.all() {
		if e.Producer() != sink.all()[0].Producer() || seen[e.Seq()] {
			t.Fatalf("record %d of %d came twice", e.Seq(), e.Producer())
		}
		seen[e.Seq()] = true
	}
	for i := uint64(1); i <= 800; i++ {
		if !seen[i] {
			t.Fatalf("number %d is missing", i)
		}
	}
}

// TestCallerNeverWaits: no call of traced code waits for the sink, however
// long that takes. The sink answers only after the traced code has ended.
func TestCallerNeverWaits(t *testing.T) {
	release := make(chan struct{})
	s := newService(t, &store{before: func(context.Context, []record.Event) error { <-release; return nil }}, fewEvents(4000))
	points(s, 4000) // twice as many records
	close(release)
	mustClose(t, s)
	balanced(t, s)
}

func TestFlush(t *testing.T) {
	sink := &store{}
	s := newService(t, sink, func(c *profiler.Config) { c.Queue.FlushInterval = time.Hour })
	_, p := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := sink.names(); !slices.Equal(got, []string{"root-start"}) {
		t.Errorf("stored %v", got)
	}
	p.Stop()
	mustClose(t, s)
	if err := s.Flush(context.Background()); err != nil {
		t.Errorf("Flush after Close: %v", err)
	}
	hung := newService(t, &store{before: func(ctx context.Context, _ []record.Event) error { <-ctx.Done(); return ctx.Err() }})
	points(hung, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := hung.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Flush says %v", err)
	}
	_ = closeFast(hung)
}

func TestConfigIsChecked(t *testing.T) {
	for _, c := range []profiler.Config{
		{Sink: &store{}},
		{Name: "api"},
		{Name: "api", Sink: &store{}, Queue: profiler.QueueConfig{MaxEvents: -1}},
	} {
		if s, err := profiler.New(c); err == nil {
			t.Errorf("%+v is taken", c)
			_ = s.Close(context.Background())
		}
	}
}

// TestFault14_PointsAfterCloseDoNotBlock: elsewhere a span that ends after its
// reporter was closed blocks for ever.
func TestFault14_PointsAfterCloseDoNotBlock(t *testing.T) {
	s := newService(t, &store{})
	_, open := s.Begin(context.Background(), profiler.Opening{Name: "open"})
	mustClose(t, s)
	open.Stop()
	points(s, 100_000) // more than any queue holds
	if st := balanced(t, s); st.Dropped.Closed != 200_001 {
		t.Errorf("%+v", st)
	}
}
