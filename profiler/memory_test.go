package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// outage is a store that does not take anything until it is up.
type outage struct {
	store
	up    atomic.Bool
	calls atomic.Int64
}

var errDown = fmt.Errorf("connection refused: %w", record.ErrNotSent)

// newOutage is a Service whose store is down: each call fails, or hangs until
// it is up whatever its context says.
func newOutage(t *testing.T, hangs bool, change ...func(*profiler.Config)) (*profiler.Service, *outage) {
	t.Helper()
	o := &outage{}
	o.before = func(context.Context, []record.Event) error {
		o.calls.Add(1)
		for hangs && !o.up.Load() {
			time.Sleep(time.Millisecond)
		}
		if o.up.Load() {
			return nil
		}
		return errDown
	}
	return newService(t, o, change...), o
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMemoryIsBounded: whatever takes the records of a store that is down,
// MaxBytes holds, what is dropped is counted while it is down, and when the
// store is back everything is accounted for and given back.
func TestMemoryIsBounded(t *testing.T) {
	const maxBytes = 4 << 20
	text := slog.String("text", strings.Repeat("x", 500))
	points := func(ctx context.Context, n int) {
		for range n {
			_, p := profiler.Start(ctx, "step", text)
			p.Stop(text)
		}
	}
	for _, c := range []struct {
		name   string
		open   int // requests
		rounds int
		each   int // points of each request, between two flushes by age
		hangs  bool
	}{
		{"10,000 open requests, dead store", 10_000, 3, 1, false},
		{"10,000 open requests, hanging store", 10_000, 3, 1, true},
		{"100 requests with much between two flushes", 100, 2, 60, false},
		{"streams, dead store", 3, 3, 1500, false},
		{"streams, hanging store", 3, 3, 1500, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			onOwnClock(t, func(t *testing.T) {
				s, o := newOutage(t, c.hangs, func(c *profiler.Config) { c.Queue.MaxBytes = maxBytes })
				ctxs := make([]context.Context, c.open)
				roots := make([]profiler.Point, c.open)
				for i := range ctxs {
					ctxs[i], roots[i] = s.Begin(context.Background(), profiler.Opening{Name: "request"})
				}
				before := heap()
				var most int64
				for range c.rounds {
					for _, ctx := range ctxs {
						points(ctx, c.each)
						bytes, _ := s.Taken()
						most = max(most, bytes)
					}
					time.Sleep(time.Second) // of the test's clock
				}
				if most > maxBytes || most < maxBytes/2 {
					t.Errorf("records took up to %d bytes of %d", most, maxBytes)
				}
				if n := heap(); n > before+8*maxBytes {
					t.Errorf("the heap grew from %d to %d bytes", before, n)
				}
				st := s.Stats()
				written := uint64(c.open + c.open*c.rounds*c.each*2)
				if st.Recorded != written || st.Dropped.QueueFull == 0 || st.Acknowledged != 0 || st.Waiting+st.Dropped.QueueFull != written {
					t.Errorf("while the store is down: %+v, want %d recorded", st, written)
				}

				o.up.Store(true)
				time.Sleep(time.Minute) // of the test's clock: the next try
				for i := range roots {
					roots[i].Stop()
					if i%100 == 0 {
						if err := s.Flush(context.Background()); err != nil {
							t.Fatal(err)
						}
					}
				}
				mustClose(t, s)
				st = balanced(t, s)
				if st.Recorded != written+uint64(c.open) || st.Acknowledged+st.Dropped.QueueFull != st.Recorded {
					t.Errorf("when it is back: %+v", st)
				}
				told := 0.0
				for _, e := range o.all() {
					told += lost(t, &e)
				}
				if told != float64(st.Dropped.QueueFull) {
					t.Errorf("%v losses are told, %d were dropped", told, st.Dropped.QueueFull)
				}
				if bytes, events := s.Taken(); bytes != 0 || events != 0 {
					t.Errorf("%d bytes and %d records are still taken", bytes, events)
				}
			})
		})
	}
}

// TestEventsAreBounded: MaxEvents counts what gathers, waits and is in flight,
// to the record.
func TestEventsAreBounded(t *testing.T) {
	onOwnClock(t, func(t *testing.T) {
		s, o := newOutage(t, true, func(c *profiler.Config) { c.Queue.MaxEvents = 50 })
		ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
		time.Sleep(time.Second) // one is in flight now
		for range 19 {
			_, p := profiler.Start(ctx, "step")
			p.Stop()
		}
		time.Sleep(time.Second) // 38 wait
		for range 11 {
			_, p := profiler.Start(ctx, "open")
			defer p.Stop()
		}
		if bytes, events := s.Taken(); events != 50 || bytes == 0 {
			t.Errorf("%d records in %d bytes", events, bytes)
		}
		if n := s.Stats().Dropped.QueueFull; n != 0 {
			t.Errorf("%d dropped too early", n)
		}
		root.Stop()
		if n := s.Stats().Dropped.QueueFull; n != 1 {
			t.Errorf("%d dropped at the limit", n)
		}
		o.up.Store(true)
		mustClose(t, s)
		if st := balanced(t, s); st.Acknowledged != 50 || st.Dropped.Total() != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestFlushWhileDown: Flush hands over although a batch is being retried, or
// hangs, and gives up in time; the records are stored when the store is back.
func TestFlushWhileDown(t *testing.T) {
	for name, hangs := range map[string]bool{"dead": false, "hanging": true} {
		t.Run(name, func(t *testing.T) {
			onOwnClock(t, func(t *testing.T) {
				s, o := newOutage(t, hangs, func(c *profiler.Config) { c.Queue.FlushInterval = time.Hour })
				points(s, 1)
				began := time.Now()
				if err := s.Flush(context.Background()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
					t.Errorf("Flush says %v after %v", err, time.Since(began))
				}
				ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "open"})
				_, p := profiler.Start(ctx, "inner")
				p.Stop()
				short, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				err := s.Flush(short)
				if want := "profiler: flushed, but 5 records still wait for the store: context deadline exceeded"; err == nil || err.Error() != want {
					t.Errorf("Flush says %v, want %s", err, want)
				}
				if st := s.Stats(); st.Recorded != 5 || st.Waiting != 5 {
					t.Errorf("%+v", st)
				}
				o.up.Store(true)
				if err := s.Flush(context.Background()); err != nil {
					t.Error(err)
				}
				if n := len(o.all()); n != 5 {
					t.Errorf("%d records are stored: %v", n, o.names())
				}
				root.Stop()
				mustClose(t, s)
				balanced(t, s)
			})
		})
	}
}

// TestFlushDoesNotWaitForLater: records that come after it are not its own.
func TestFlushDoesNotWaitForLater(t *testing.T) {
	onOwnClock(t, func(t *testing.T) {
		sink := &store{}
		s := newService(t, sink, func(c *profiler.Config) { c.Queue.FlushInterval = time.Hour })
		sink.before = func(_ context.Context, events []record.Event) error {
			if events[0].Name() != "job" {
				return errDown
			}
			_, p := s.Begin(context.Background(), profiler.Opening{Name: "later"})
			p.Stop()
			return nil
		}
		points(s, 1)
		if err := s.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		_ = closeFast(s)
		balanced(t, s)
	})
}
