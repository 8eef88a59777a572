package profiler_test

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// limited has the Service of newService limit what requests may cause. No limit but
// those given is met, and none has room for more within the test.
func limited(l profiler.LimitConfig) func(*profiler.Config) {
	return func(c *profiler.Config) { c.Limits = l }
}

// arrive makes a request with the signed headers of in arrive, and reports whether it is
// traced. Its point ends.
func arrive(t *testing.T, s *profiler.Service, secret string, in header.Info) bool {
	t.Helper()
	keys, _ := header.ParseKeys(secret)
	h := profilertest.Headers{}
	keys.Primary().Sign(in).Write(h)
	arrived := s.Receive(context.Background(), atServer, h)
	_, p := arrived.Open(context.Background(), profiler.Opening{Name: "http"})
	p.Stop()
	if left := header.Read(h) != (header.Signed{}); left != arrived.Traced() {
		t.Errorf("traced: %v, and the request still has its headers: %v", arrived.Traced(), left)
	}
	return p.Active()
}

func fresh() header.Info { return header.Info{BaseID: header.NewID(), ParentID: header.NewID()} }

// refusedIn is how many refused arrivals the records of trace tell of.
func refusedIn(t *testing.T, sink *store, trace header.ID) (n int) {
	for _, e := range sink.all() {
		sonde, _ := info(t, &e)["sonde"].(map[string]any)
		refused, _ := sonde["refused"].(float64)
		if refused > 0 && e.Trace() != trace {
			t.Errorf("%s of another trace tells of refused arrivals", e.RecordName())
		}
		n += int(refused)
	}
	return n
}

// TestReplays: of 20000 requests with one pair of headers no more are traced than the
// default allows; the trace tells how many were refused, and others do not suffer.
func TestReplays(t *testing.T) {
	sink := &store{}
	var log bytes.Buffer
	s := newService(t, sink, limited(profiler.LimitConfig{ArrivalsPerSecond: 1}),
		func(c *profiler.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	captured := fresh()
	const replays = 20_000
	traced := 0
	for range replays {
		if arrive(t, s, "k1", captured) {
			traced++
		}
	}
	st := s.Stats()
	refused := st.Refused[header.ErrTooManyArrivals]
	if traced < 1000 || traced > 1500 || st.Accepted != uint64(traced) || refused != uint64(replays-traced) {
		t.Errorf("%d traced, %+v", traced, st)
	}
	if !arrive(t, s, "k1", fresh()) || !arrive(t, s, "k1", header.Info{BaseID: captured.BaseID, ParentID: header.NewID()}) {
		t.Error("another trace, or another point of the same trace, is refused")
	}
	mustClose(t, s)
	if told := refusedIn(t, sink, captured.BaseID); told != int(refused) {
		t.Errorf("the records tell of %d refused arrivals, of %d", told, refused)
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, captured.BaseID.String()) ||
		!strings.Contains(text, header.ErrTooManyArrivals.Error()) {
		t.Errorf("logged: %s", text)
	}
}

// TestReplaysAreTold: the trace reports at least half of them even if nothing of it
// is recorded any more.
func TestReplaysAreTold(t *testing.T) {
	sink := &store{}
	s := newService(t, sink, limited(profiler.LimitConfig{Arrivals: 1, ArrivalsPerSecond: 1}))
	captured := fresh()
	refused := 0
	for range 100 {
		if !arrive(t, s, "k1", captured) {
			refused++
		}
	}
	mustClose(t, s)
	if told := refusedIn(t, sink, captured.BaseID); told < refused/2 || told > refused {
		t.Errorf("the records tell of %d refused arrivals, of %d", told, refused)
	}
	e := sink.find(t, "sonde_refused-start")
	if e.Parent() != captured.ParentID || e.Trace() != captured.BaseID {
		t.Errorf("%v is below %v", e.Trace(), e.Parent())
	}
}

// TestNewTraces: each key has room for so many; traces that are known go on.
func TestNewTraces(t *testing.T) {
	s := newService(t, &store{}, limited(profiler.LimitConfig{NewTraces: 3, NewTracesPerSecond: 1}))
	var known []header.Info
	for len(known) < 3 {
		known = append(known, fresh())
		if !arrive(t, s, "k1", known[len(known)-1]) {
			t.Fatal("refused")
		}
	}
	refused := 0
	for range 100 {
		if !arrive(t, s, "k1", fresh()) {
			refused++
		}
	}
	if refused < 50 || s.Stats().Refused[header.ErrTooManyTraces] != uint64(refused) {
		t.Errorf("%d refused, %+v", refused, s.Stats())
	}
	for _, in := range known {
		if !arrive(t, s, "k1", in) {
			t.Error("a known trace is refused")
		}
	}
	if !arrive(t, s, "k2", fresh()) {
		t.Error("a trace of another key is refused")
	}
}

// TestReceivedAgain: a request that its own layers pass on among themselves has
// arrived once.
func TestReceivedAgain(t *testing.T) {
	s := newService(t, &store{}, limited(profiler.LimitConfig{Arrivals: 1, ArrivalsPerSecond: 1}))
	keys, _ := header.ParseKeys("k1")
	h := profilertest.Headers{}
	keys.Primary().Sign(fresh()).Write(h)
	in := s.Receive(context.Background(), atServer, h)
	ctx, p := in.Open(context.Background(), profiler.Opening{Name: "http"})
	defer p.Stop()
	if again := s.Receive(ctx, atServer, h); !again.Repeated() || len(h) != 2 {
		t.Errorf("%+v, %v", s.Stats(), h)
	}
}

// TestFullTrace: a trace that headers have brought has so many points or bytes; what
// is open is recorded to its end, later points are left out, and the trace says so.
// One that the program has begun has no limit.
func TestFullTrace(t *testing.T) {
	long := slog.String("text", strings.Repeat("x", 1000))
	for name, l := range map[string]profiler.LimitConfig{"points": {TracePoints: 10}, "bytes": {TraceBytes: 10_000}} {
		t.Run(name, func(t *testing.T) {
			sink := &store{}
			s := newService(t, sink, limited(l))
			in := fresh()
			ctx, root := receive(t, s, in, profiler.Opening{Name: "root"})
			started := 0
			for range 100 {
				inside, p := profiler.Start(ctx, "step", long)
				if p.Active() {
					started++
				} else if inside != ctx {
					t.Error("a point that is left out has a context")
				}
				p.Stop()
			}
			if again := arrive(t, s, "k1", in); again {
				t.Error("a request of a full trace is traced")
			}
			root.Stop()
			mustClose(t, s)
			st := balanced(t, s)
			if started < 5 || started > 10 || st.LeftOut != uint64(100-started) || st.Refused[header.ErrTraceFull] != 1 {
				t.Errorf("%d started, %+v", started, st)
			}
			told := 0.0
			for _, e := range sink.all() {
				told += lost(t, &e)
			}
			if told != float64(2*st.LeftOut) {
				t.Errorf("the trace tells of %v lost records, of %d", told, 2*st.LeftOut)
			}
			sink.find(t, "root-stop")

			s = newService(t, &store{}, limited(l))
			ctx, root = s.Begin(context.Background(), profiler.Opening{Name: "job"})
			defer root.Stop()
			for range 100 {
				if _, p := profiler.Start(ctx, "step", long); !p.Active() {
					t.Fatal("a point of the program's own trace is left out")
				}
			}
		})
	}
}

// TestManyTraces: with more traces and points than are remembered, one that is
// replayed all the time is not forgotten.
func TestManyTraces(t *testing.T) {
	s := newService(t, &store{}, limited(profiler.LimitConfig{
		NewTraces: math.MaxInt, Arrivals: 10, ArrivalsPerSecond: 1,
	}))
	captured := fresh()
	traced := 0
	for range 20_000 {
		if !arrive(t, s, "k1", fresh()) {
			t.Fatal("refused")
		}
		if arrive(t, s, "k1", captured) {
			traced++
		}
	}
	if traced < 10 || traced > 200 {
		t.Errorf("%d replays are traced", traced)
	}
}

func TestLimitsInParallel(t *testing.T) {
	s := newService(t, &store{}, limited(profiler.LimitConfig{ArrivalsPerSecond: 1}))
	captured := fresh()
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 1000 {
				arrive(t, s, "k1", captured)
				arrive(t, s, "k2", fresh())
			}
		}()
	}
	all.Wait()
	st := s.Stats()
	if st.Accepted < 5000 || st.Accepted+st.Refused[header.ErrTooManyArrivals] != 8000 {
		t.Errorf("%+v", st)
	}
}

func TestLimitsAreChecked(t *testing.T) {
	_, err := profiler.New(profiler.Config{Name: "api", Sink: &store{}, Limits: profiler.LimitConfig{Arrivals: -1}})
	if err == nil || !strings.Contains(err.Error(), "negative") {
		t.Error(err)
	}
}

func ExampleLimitConfig() {
	// A load test that traces each of its requests, all from one point.
	_ = profiler.Config{
		Limits: profiler.LimitConfig{Arrivals: math.MaxInt, TracePoints: math.MaxInt, TraceBytes: math.MaxInt},
	}
}
