package sondetest

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// noted notes how a test fails.
type noted struct {
	testing.TB
	failures []string
}

func (n *noted) Helper() {}
func (n *noted) Errorf(format string, args ...any) {
	n.failures = append(n.failures, fmt.Sprintf(format, args...))
}

func (n *noted) Fatalf(format string, args ...any) {
	n.Errorf(format, args...)
	runtime.Goexit()
}

// Of what was dropped nothing is known: neither that it was there nor that it has
// ended.
func TestDropped(t *testing.T) {
	n := &noted{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		rec := New(n, Patience(time.Hour))
		tight, err := profiler.New(profiler.Config{Name: "tight", Sink: &rec.sink, Queue: profiler.QueueConfig{MaxEvents: 3}})
		if err != nil {
			t.Error(err)
			return
		}
		rec.services[own] = tight
		rec.Profile(func(ctx context.Context) {
			for range 4 {
				_, p := profiler.Start(ctx, "point")
				defer p.Stop()
			}
		})
	}()
	watchdog.Await(t, "a profile of which records were dropped", ended)
	if len(n.failures) != 1 || !strings.Contains(n.failures[0], "records of this test were dropped") {
		t.Errorf("%q", n.failures)
	}
}

// hooked runs before when the first records pass.
type hooked struct {
	record.Sink
	before func()
}

func (h *hooked) Notify(ctx context.Context, events []record.Event) error {
	if h.before != nil {
		h.before()
		h.before = nil
	}
	return h.Sink.Notify(ctx, events)
}

// A point that begins in one service after that was flushed, while what it began
// within is on its way from another, is not missed.
func TestBeginsWithinFlush(t *testing.T) {
	for range 20 { // the services are flushed in any order
		rec := New(t, AllowNoLayer())
		hook := &hooked{Sink: &rec.sink}
		slow, err := profiler.New(profiler.Config{Name: "slow", Keys: rec.keys, Sink: hook})
		if err != nil {
			t.Fatal(err)
		}
		rec.services["slow"] = slow
		p := rec.Profile(func(ctx context.Context) {
			hook.before = func() {
				_, p := profiler.Start(ctx, "within")
				time.AfterFunc(5*time.Millisecond, func() { p.Stop() })
			}
			signed, _ := profiler.Sign(ctx)
			headers := http.Header{}
			signed.Write(headers)
			in := slow.Receive(t.Context(), profiler.Arrival{Layer: "http", Kind: layer.Server}, headers)
			_, p := in.Open(t.Context(), profiler.Opening{Name: "outer"})
			p.Stop()
		})
		if n := p.r.Len(); n != 3 {
			t.Fatalf("%d points, want test, outer and within", n)
		}
	}
}

func TestMaxShare(t *testing.T) {
	point := func(id, parent, name string, from, to int) string {
		line := func(name string, at int) string {
			return fmt.Sprintf(`{"name":%q,"base_id":"b","trace_id":%q,"parent_id":%q,"timestamp":"2026-01-02T03:04:05.%06d","info":{"host":"h"},"service":"s"}`+"\n", name, id, parent, at)
		}
		return line(name+"-start", from) + line(name+"-stop", to)
	}
	r, err := report.Read([]byte(point("1", "b", "test", 0, 100_000) +
		point("2", "1", "handler", 0, 90_000) + // 10 ms of its own
		point("3", "2", "query", 10_000, 60_000) +
		point("4", "2", "hidden", 11_000, 55_000) + // beside the query
		point("5", "2", "call", 60_000, 90_000)))
	if err != nil {
		t.Fatal(err)
	}
	for share, want := range map[float64][]string{
		0.6:  nil,
		0.45: {"query took 50.0 ms, 50 % of the time, want at most 45 %"},
		0.05: {"handler took 10.0 ms, 10 %", "query took 50.0 ms, 50 %", "call took 30.0 ms, 30 %"},
	} {
		n := &noted{TB: t}
		(&Trace{t: n, rec: &Recorder{}, r: r, names: map[*report.Point]string{}}).MaxShare(share)
		if len(n.failures) != len(want) {
			t.Errorf("%v: %q", share, n.failures)
			continue
		}
		for i, f := range n.failures {
			if !strings.HasPrefix(f, "sondetest: "+want[i]) {
				t.Errorf("%v: %s", share, f)
			}
		}
	}
}
