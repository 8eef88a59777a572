package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
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

// told is how many lost records the traces of a store tell of, all in all.
func told(t *testing.T, s *store) (sum uint64) {
	t.Helper()
	for _, e := range s.all() {
		sum += uint64(lost(t, &e))
	}
	return sum
}

// byFlush hands over only what has ended and what Flush asks for.
func byFlush(c *profiler.Config) { c.Queue.FlushInterval = time.Hour }

func fewEvents(n int) func(*profiler.Config) {
	return func(c *profiler.Config) { c.Queue.MaxEvents = n }
}

// inFlight has the store, which is down, asked to take all that was written: in one
// batch, if nothing else hands over.
func inFlight(t *testing.T, s *profiler.Service, o *outage) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Flush(ctx); err == nil {
		t.Fatal("the store is not down")
	}
	watchdog.Until(t, "the store to be asked", func() bool { return o.calls.Load() > 0 })
}

// TestLossOfTraceThatIsOver: it is told in one point, made when the sink works.
func TestLossOfTraceThatIsOver(t *testing.T) {
	s, o := newOutage(t, false, fewEvents(9), byFlush)
	points(s, 4)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	inFlight(t, s, o)
	first := time.Now()
	for i := range 7 {
		_, p := profiler.Open(ctx, profiler.Opening{Name: "step", Time: first.Add(time.Duration(i) * time.Second)})
		p.End(profiler.Ending{Time: first.Add(time.Duration(i) * time.Second)})
	}
	root.End(profiler.Ending{Time: first.Add(time.Minute)})
	o.up.Store(true)
	watchdog.Until(t, "the loss to be told", func() bool { return len(o.all()) == 11 })
	start, stop := o.find(t, "sonde_lost-start"), o.find(t, "sonde_lost-stop")
	base := o.find(t, "root-start").Trace()
	for _, e := range []*record.Event{start, stop} {
		if e.Trace() != base || e.Parent() != base || e.Point() != start.Point() || e.Service() != "api" || e.Project() != "shop" {
			t.Errorf("%+v", e.Fields())
		}
		if info(t, e)["host"] != "host-a" {
			t.Errorf("info is %s", e.Info())
		}
	}
	if d := time.Duration(stop.Time() - start.Time()); d != time.Minute {
		t.Errorf("it lasts %v, from the first record lost to the last", d)
	}
	mustClose(t, s)
	st := balanced(t, s)
	if st.Recorded != 8+1+15+2 || st.Acknowledged != 11 || st.Dropped.QueueFull != 15 || st.Starts != 4+1+7+1 || st.Stops != st.Starts {
		t.Errorf("%+v", st)
	}
	if n := told(t, &o.store); n != 15 || lost(t, start) != 15 {
		t.Errorf("%d are told, by the point %v", n, lost(t, start))
	}
}

// TestLossAtOneSink: the sink that has lost a trace is told so, without waiting for
// Close; the other one is not.
func TestLossAtOneSink(t *testing.T) {
	good := &store{}
	s, o := newOutage(t, false, fewEvents(10), also(profiler.Destination{Sink: good, Queue: profiler.QueueConfig{MaxEvents: 1000}}))
	points(s, 5)
	inFlight(t, s, o)
	points(s, 7)
	watchdog.Until(t, "the other sink to have all", func() bool { return len(good.all()) == 24 })
	o.up.Store(true)
	watchdog.Until(t, "the loss to be told", func() bool { return told(t, &o.store) == 14 })
	mustClose(t, s)
	sinks := balancedSinks(t, s)
	if st := sinks[0]; st.Recorded != 24+14 || st.Dropped.QueueFull != 14 || st.Acknowledged != 24 {
		t.Errorf("%+v", st)
	}
	if st := sinks[1]; st.Recorded != 24 || st.Acknowledged != 24 || told(t, good) != 0 {
		t.Errorf("%+v", st)
	}
}

// TestLossOfOpenTrace: it is told in the next record of the trace, not in a point
// of its own.
func TestLossOfOpenTrace(t *testing.T) {
	s, o := newOutage(t, false, fewEvents(10), byFlush)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	for range 10 {
		_, p := profiler.Start(ctx, "step")
		p.Stop()
	}
	o.up.Store(true)
	for range 3 {
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		points(s, 1)
	}
	root.Stop()
	mustClose(t, s)
	if st := balanced(t, s); st.Recorded != 22+6 || told(t, &o.store) != st.Dropped.QueueFull {
		t.Errorf("%d are told: %+v", told(t, &o.store), st)
	}
	if slices.Contains(o.names(), "sonde_lost-start") {
		t.Errorf("stored %v", o.names())
	}
}

// TestForgottenLosses: losses of more traces than are remembered are told by each
// trace of their time, once, and by no other; no trace is made for them.
func TestForgottenLosses(t *testing.T) {
	const remembered, more = 10_000, 50
	s, o := newOutage(t, false, fewEvents(7), byFlush)
	var open []profiler.Point
	begin := func(name string) context.Context {
		ctx, p := s.Begin(context.Background(), profiler.Opening{Name: name})
		open = append(open, p)
		return ctx
	}
	begin("a")
	ctx := begin("b")
	begin("c")
	inFlight(t, s, o)
	points(s, 2)
	from := time.Now().Truncate(time.Microsecond)
	points(s, remembered+more)
	to := time.Now()
	o.up.Store(true)
	flush := func() {
		t.Helper()
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	watchdog.Until(t, "the remembered losses to be told", func() bool { return s.Stats().Acknowledged == 7+2*remembered })
	for range 3 {
		flush()
		_, p := profiler.Start(ctx, "step")
		p.Stop()
	}
	for _, p := range open {
		flush()
		points(s, 1) // after the spell
		p.Stop()
	}
	mustClose(t, s)
	st := balanced(t, s)
	if st.Dropped.QueueFull != 2*(remembered+more) {
		t.Fatalf("%+v", st)
	}
	tellers, telling := map[string]int{}, told(t, &o.store)
	for _, e := range o.all() {
		sonde, _ := info(t, &e)["sonde"].(map[string]any)
		spell, ok := sonde["service_lost"].(map[string]any)
		if !ok {
			continue
		}
		tellers[e.Trace().String()]++
		for _, name := range []string{"from", "to"} {
			if at, err := time.Parse("2006-01-02T15:04:05.000000", spell[name].(string)); err != nil || at.Before(from) || at.After(to) {
				t.Errorf("%s is %v (%v), not between %v and %v", name, spell[name], err, from, to)
			}
		}
		if n := uint64(spell["n"].(float64)); n+telling != st.Dropped.QueueFull {
			t.Errorf("%s tells of %d, others of %d, %d were dropped", e.RecordName(), n, telling, st.Dropped.QueueFull)
		}
	}
	for _, name := range []string{"a-stop", "b-stop", "c-stop"} {
		base := o.find(t, name).Trace().String()
		if tellers[base] != 1 {
			t.Errorf("the trace of %s tells it %d times", name, tellers[base])
		}
		delete(tellers, base)
	}
	if len(tellers) != 0 {
		t.Errorf("%d traces tell of what was not in their time", len(tellers))
	}
}

// TestLossesAreTold: whatever a sink and its queue drop, while it sometimes fails
// and rejects, is told in the store once and adds up to the accounts.
func TestLossesAreTold(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 10))
			sink := &store{before: func(_ context.Context, events []record.Event) error {
				time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
				i := rng.IntN(len(events))
				for j := range events { // rather one that tells of others
					if lost(t, &events[j]) > 0 && rng.IntN(2) == 0 {
						i = j
					}
				}
				switch {
				case rng.IntN(8) == 0:
					return errSink
				case rng.IntN(2) == 0 && events[i].Name() != "sonde_lost":
					return &record.RejectedError{Indexes: []int{i}, Err: errSink}
				}
				return nil
			}}
			s := newService(t, sink, func(c *profiler.Config) { c.Queue = profiler.QueueConfig{MaxEvents: 150, BatchEvents: 40} })
			load(s, seed)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
			defer cancel()
			if err := s.Close(ctx); err != nil {
				t.Fatal(err)
			}
			st := balanced(t, s)
			if st.Dropped.QueueFull == 0 || st.Dropped.Rejected == 0 {
				t.Errorf("nothing is dropped: %+v", st)
			}
			if n := told(t, sink); n != st.Dropped.Total() || uint64(len(sink.all())) != st.Acknowledged {
				t.Errorf("%d are told: %+v", n, st)
			}
		})
	}
}

// TestRejectedLoss: a sink that rejects everything is not given points about
// points about losses.
func TestRejectedLoss(t *testing.T) {
	s := newService(t, &store{before: rejectAll})
	points(s, 3)
	watchdog.Until(t, "the losses to be told", func() bool { return s.Stats().Dropped.Rejected == 6+6 })
	for range 3 {
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	if st := balanced(t, s); st.Recorded != 6+6 || st.Dropped.Rejected != st.Recorded {
		t.Errorf("%+v", st)
	}
}

// drops collects what a Service logs of dropped records.
type drops struct {
	slog.Handler
	mu    sync.Mutex
	lines []map[string]any
}

func (d *drops) Handle(_ context.Context, r slog.Record) error {
	line := map[string]any{"msg": r.Message}
	r.Attrs(func(a slog.Attr) bool {
		line[a.Key] = a.Value.Any()
		return true
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	if strings.Contains(r.Message, "dropped") || strings.Contains(r.Message, "closed") {
		d.lines = append(d.lines, line)
	}
	return nil
}

func (d *drops) all() []map[string]any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

func newDrops() (*drops, func(*profiler.Config)) {
	d := &drops{Handler: slog.NewTextHandler(io.Discard, nil)}
	return d, func(c *profiler.Config) { c.Logger = slog.New(d) }
}

const (
	dropsBegin = "sonde: trace records are dropped"
	dropsEnd   = "sonde: no more trace records are dropped"
)

// TestDropsAreLogged: when a spell begins, with the records so far, and when it is
// over, with all of them; not for each record.
func TestDropsAreLogged(t *testing.T) {
	for reason, answer := range map[string]func([]record.Event) error{
		"queue full": func([]record.Event) error { return errDown },
		"rejected": func(events []record.Event) error {
			if events[0].Name() == "sonde_lost" {
				return nil
			}
			return &record.RejectedError{Indexes: []int{0}, Err: errSink}
		},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			log, set := newDrops()
			var good atomic.Bool
			sink := &store{before: func(_ context.Context, events []record.Event) error {
				if good.Load() {
					return nil
				}
				return answer(events)
			}}
			limit := fewEvents(1000)
			if reason == "queue full" {
				limit = fewEvents(20)
			}
			s := newService(t, sink, set, limit)
			dropped := func() uint64 { return s.Stats().Dropped.Total() }
			for i := range 5 {
				before := dropped()
				points(s, 20)
				watchdog.Until(t, "more records to be dropped", func() bool { return dropped() > before })
				watchdog.Until(t, "that to be told", func() bool { return len(log.all()) > 0 })
				if n := len(log.all()); n != 1 {
					t.Fatalf("logged %d lines in round %d: %v", n, i, log.all())
				}
			}
			good.Store(true)
			watchdog.Until(t, "the end to be told", func() bool { return len(log.all()) > 1 })
			points(s, 1)
			mustClose(t, s)
			lines, total := log.all(), s.Stats().Dropped.Total()
			if len(lines) != 2 {
				t.Fatalf("logged %v", lines)
			}
			for i, msg := range []string{dropsBegin, dropsEnd} {
				line := lines[i]
				if line["msg"] != msg || line["reason"] != reason || line["sink"] != "*profiler_test.store" {
					t.Errorf("logged %v", line)
				}
				if err, ok := line["error"].(error); ok != (reason == "rejected") || ok && !errors.Is(err, errSink) {
					t.Errorf("the error is %v", line["error"])
				}
			}
			if n := lines[0]["records"].(uint64); n == 0 || n >= total {
				t.Errorf("it begins with %d records of %d", n, total)
			}
			if lines[1]["records"] != total {
				t.Errorf("it ends with %v records of %d", lines[1]["records"], total)
			}
		})
	}
}

// TestGivingUpIsLogged: what Close gives up is told even where its error is not
// looked at, once, and so is what was dropped until then.
func TestGivingUpIsLogged(t *testing.T) {
	log, set := newDrops()
	s, o := newOutage(t, false, set, fewEvents(20))
	points(s, 10)
	inFlight(t, s, o)
	points(s, 5)
	_ = closeFast(s)
	_ = closeFast(s)
	var said []string
	for _, line := range log.all() {
		said = append(said, line["msg"].(string))
		if line["sink"] != "*profiler_test.outage" {
			t.Errorf("the sink is %v", line["sink"])
		}
		if n, ok := line["undelivered"]; ok && (n != uint64(20) || line["unconfirmed"] != uint64(0)) {
			t.Errorf("logged %v", line)
		}
	}
	want := []string{dropsBegin, dropsEnd, "sonde: closed before the sink had taken all trace records"}
	if !slices.Equal(said, want) {
		t.Errorf("logged %q, want %q", said, want)
	}
}
