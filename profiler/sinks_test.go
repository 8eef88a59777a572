package profiler_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// also adds sinks to a Service's first.
func also(more ...profiler.Destination) func(*profiler.Config) {
	return func(c *profiler.Config) { c.More = more }
}

// shows is a store that says where it is.
type shows struct {
	store
	url string
}

func (s *shows) URL() string { return s.url }

// balancedSinks checks the accounts of each sink of a closed Service.
func balancedSinks(t *testing.T, s *profiler.Service) []profiler.SinkStats {
	t.Helper()
	all := balanced(t, s)
	var sum uint64
	for _, st := range all.Sinks {
		if st.Recorded != st.Acknowledged+st.Dropped.Total()+st.Unconfirmed || st.Waiting != 0 || st.Starts+st.Stops+st.Dropped.Closed != st.Recorded {
			t.Errorf("the accounts of %s do not balance: %+v", st.Sink, st)
		}
		sum += st.Acknowledged
	}
	if sum != all.Acknowledged {
		t.Errorf("%d are acknowledged, %d by the sinks", all.Acknowledged, sum)
	}
	return all.Sinks
}

func TestSinksGetTheSame(t *testing.T) {
	first, second := &store{}, &shows{url: "redis://host"}
	s := newService(t, first, also(profiler.Destination{Sink: second}))
	points(s, 100)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	for range 200 {
		_, p := profiler.Start(ctx, "step")
		p.Stop()
	}
	root.Stop()
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if a, b := first.all(), second.all(); len(a) != 602 || len(b) != 602 {
		t.Fatalf("%d and %d records are stored after Flush", len(a), len(b))
	}
	mustClose(t, s)
	text := func(events []record.Event) (all []string) {
		for _, e := range events {
			all = append(all, fmt.Sprint(e.Seq(), string(e.AppendJSON(nil))))
		}
		return all
	}
	if !slices.Equal(text(first.all()), text(second.all())) {
		t.Error("the sinks were given different records")
	}
	sinks := balancedSinks(t, s)
	if sinks[0].Sink != "*profiler_test.store" || sinks[1].Sink != "redis://host" || sinks[0].Acknowledged != 602 || sinks[1].Acknowledged != 602 {
		t.Errorf("%+v", sinks)
	}
	if bytes, events := s.Taken(); bytes != 0 || events != 0 {
		t.Errorf("%d bytes and %d records are still taken", bytes, events)
	}
}

// TestSinksAreApart: one that is dead, hangs, is slow or rejects everything delays
// no other one, and makes no other one lose a record.
func TestSinksAreApart(t *testing.T) {
	const written = 2 * 2000
	for name, c := range map[string]struct {
		before func(context.Context, []record.Event) error
		check  func(profiler.SinkStats) bool
	}{
		"dead": {func(context.Context, []record.Event) error { return errDown },
			func(s profiler.SinkStats) bool { return s.Dropped.QueueFull > written/2 && s.Dropped.Undelivered > 0 }},
		"hanging": {func(ctx context.Context, _ []record.Event) error { <-ctx.Done(); return ctx.Err() },
			func(s profiler.SinkStats) bool { return s.Dropped.QueueFull > written/2 && s.Unconfirmed > 0 }},
		"slow": {func(context.Context, []record.Event) error { time.Sleep(10 * time.Millisecond); return nil },
			func(s profiler.SinkStats) bool { return s.Dropped.QueueFull+s.Acknowledged >= written }},
		"rejecting": {rejectAll, func(s profiler.SinkStats) bool { return s.Dropped.Rejected == s.Recorded && s.Recorded >= written }},
	} {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/first=%v", name, first), func(t *testing.T) {
				bad, good := &store{before: c.before}, &store{}
				a := profiler.Destination{Sink: bad, Queue: profiler.QueueConfig{MaxEvents: 500}}
				b := profiler.Destination{Sink: good, Queue: profiler.QueueConfig{MaxEvents: 65536}}
				if name == "rejecting" {
					a.Queue = b.Queue
				}
				if !first {
					a, b = b, a
				}
				s := newService(t, a.Sink, also(b), func(c *profiler.Config) {
					c.Queue = a.Queue
					c.Queue.FlushInterval = time.Millisecond
				})
				for i := range 40 {
					points(s, 50)
					watchdog.Until(t, "the records to come", func() bool { return len(good.all()) == 100*(i+1) })
				}
				_ = closeFast(s)
				sinks := balancedSinks(t, s)
				if !first {
					slices.Reverse(sinks)
				}
				if !c.check(sinks[0]) {
					t.Errorf("the bad one: %+v", sinks[0])
				}
				if st := sinks[1]; st.Acknowledged != written || st.Recorded != written || st.Retries != 0 {
					t.Errorf("the good one: %+v", st)
				}
				if bytes, events := s.Taken(); bytes != 0 || events != 0 {
					t.Errorf("%d bytes and %d records are still taken", bytes, events)
				}
			})
		}
	}
}

// rejectAll is what a sink answers that takes nothing.
func rejectAll(_ context.Context, events []record.Event) error {
	all := make([]int, len(events))
	for i := range all {
		all[i] = i
	}
	return &record.RejectedError{Indexes: all, Err: errSink}
}

// load writes traces from several goroutines at once, with pauses.
func load(s *profiler.Service, seed uint64) {
	var wg sync.WaitGroup
	for g := range uint64(4) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rng := rand.New(rand.NewPCG(seed, g))
			for range 20 {
				ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
				for range rng.IntN(60) {
					_, p := profiler.Open(ctx, profiler.Opening{Name: "step", Held: rng.IntN(4) == 0})
					if rng.IntN(4) == 0 {
						p.Discard()
					}
					p.Stop()
				}
				time.Sleep(time.Duration(rng.IntN(10)) * time.Millisecond)
				root.Stop()
			}
		}()
	}
	wg.Wait()
}

// TestSinksUnderFaults: whatever each sink answers, and however many at once
// write, each one's accounts balance, and what it has taken is what it counts.
func TestSinksUnderFaults(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			faulty := func(n uint64) *store {
				rng := rand.New(rand.NewPCG(seed, n))
				return &store{before: func(_ context.Context, events []record.Event) error {
					time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
					switch rng.IntN(6) {
					case 0:
						return errDown
					case 1:
						return errSink
					case 2, 3:
						return &record.RejectedError{Indexes: []int{rng.IntN(len(events))}, Err: errSink}
					}
					return nil
				}}
			}
			stores := []*store{faulty(11), faulty(12), {}}
			s := newService(t, stores[0],
				func(c *profiler.Config) { c.Queue = profiler.QueueConfig{MaxEvents: 300, BatchEvents: 64} },
				also(profiler.Destination{Sink: stores[1]}, profiler.Destination{Sink: stores[2]}))
			load(s, seed)
			_ = closeFast(s)
			for i, st := range balancedSinks(t, s) {
				if n := uint64(len(stores[i].all())); n != st.Acknowledged {
					t.Errorf("sink %d has taken %d records and counts %+v", i, n, st)
				}
			}
			if bytes, events := s.Taken(); bytes != 0 || events != 0 {
				t.Errorf("%d bytes and %d records are still taken", bytes, events)
			}
		})
	}
}

// TestSinksCloseTogether: Close gives up all sinks at once, not one after the
// other, and drains those that work. Each of two sinks answers only when both have
// been given up.
func TestSinksCloseTogether(t *testing.T) {
	var givenUp sync.WaitGroup
	givenUp.Add(2)
	waits := func() *store {
		return &store{before: func(ctx context.Context, _ []record.Event) error {
			<-ctx.Done()
			givenUp.Done()
			givenUp.Wait()
			return errDown
		}}
	}
	good := &store{}
	s := newService(t, waits(), also(profiler.Destination{Sink: waits()}, profiler.Destination{Sink: good}))
	points(s, 50)
	err := closeFast(s)
	if want := "profiler: closed with 200 records not delivered and 0 unconfirmed"; err == nil || err.Error() != want {
		t.Errorf("Close says %v, want %s", err, want)
	}
	if n := len(good.all()); n != 100 {
		t.Errorf("%d records are stored", n)
	}
	balancedSinks(t, s)
}

func TestDestinationIsChecked(t *testing.T) {
	for _, d := range []profiler.Destination{
		{},
		{Sink: &store{}, Queue: profiler.QueueConfig{MaxBytes: -1}},
		{Sink: &store{}, Queue: profiler.QueueConfig{FlushInterval: time.Second}},
	} {
		if s, err := profiler.New(profiler.Config{Name: "api", Sink: &store{}, More: []profiler.Destination{d}}); err == nil {
			t.Errorf("%+v is taken", d)
			_ = s.Close(context.Background())
		}
	}
}
