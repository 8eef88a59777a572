package rpctrace_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type carrier map[string]string

func (c carrier) Get(name string) string { return c[name] }
func (c carrier) Set(name, value string) { c[name] = value }

var (
	bus        = &layer.Layer{Group: "bus", Label: "{bus.topic}"}
	publishing = profiler.Opening{Name: "bus_publish", Layer: bus, Kind: layer.Producer}
	processing = profiler.Opening{Name: "bus_process", Layer: bus, Kind: layer.Consumer}
)

func TestTraceCrossesTheBus(t *testing.T) {
	shop, sent := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")
	ctx, root := shop.Begin(context.Background(), profiler.Opening{Name: "root"})
	c := carrier{"other": "kept"}
	err := rpctrace.Produce(ctx, c, publishing, func(context.Context) error { return nil }, slog.String("topic", "t"))
	if err != nil {
		t.Fatal(err)
	}
	root.Stop()
	if len(c) != 3 || c["other"] != "kept" || c["X-Trace-Info"] == "" || len(c["X-Trace-HMAC"]) != 40 {
		t.Fatalf("headers %v", c)
	}
	err = rpctrace.Process(context.Background(), stock, c, processing, "t", func(ctx context.Context) error {
		_, p := profiler.Start(ctx, "inside")
		p.Stop()
		return nil
	}, slog.Int("bytes", 3))
	if err != nil {
		t.Fatal(err)
	}

	publish, process, inside := sent.One(t, "bus_publish"), received.One(t, "bus_process"), received.One(t, "inside")
	if publish.Parent != root.ID() || process.Parent != publish.ID || inside.Parent != process.ID {
		t.Errorf("the points are not a chain: %+v\n%+v\n%+v", publish, process, inside)
	}
	if process.Trace != publish.Trace || process.Service != "stock" || !process.Stopped {
		t.Errorf("%+v", process)
	}
	if bus := publish.Start["bus"].(map[string]any); bus["topic"] != "t" {
		t.Errorf("publish tells %v", publish.Start)
	}
	if bus := process.Start["bus"].(map[string]any); bus["bytes"] != 3.0 {
		t.Errorf("process tells %v", process.Start)
	}
}

func TestInject(t *testing.T) {
	noKey, _ := profilertest.New(t, "keyless", func(c *profiler.Config) { c.Keys = nil })
	keyless, p := noKey.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer p.Stop()
	for name, ctx := range map[string]context.Context{"no profiler": context.Background(), "no key": keyless} {
		c := carrier{"X-Trace-Info": "old", "own": "kept"} // as of a message that is sent on
		if profiler.Inject(ctx, c) || header.Read(c) != (header.Signed{}) || c["own"] != "kept" {
			t.Errorf("%s: %v", name, c)
		}
	}
}

func TestConsumeWithoutHeaders(t *testing.T) {
	var asked []profiler.Arrival
	svc, rec := profilertest.New(t, "svc", func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(_ context.Context, r profiler.Arrival) bool {
			asked = append(asked, r)
			return r.Path == "yes"
		})
	})
	ctx := context.Background()
	if got, p := rpctrace.Consume(ctx, svc, carrier{}, processing, "no"); p.Active() || got != ctx {
		t.Error("a message that the hook refuses is traced")
	}
	got, p := rpctrace.Consume(ctx, svc, carrier{}, processing, "yes")
	p.Stop()
	if !p.Active() || !profiler.Active(got) {
		t.Error("a message that the hook admits is not traced")
	}
	if want := (profiler.Arrival{Layer: "bus", Kind: layer.Consumer, Path: "yes"}); len(asked) != 2 || asked[1] != want {
		t.Errorf("the hook was asked %v", asked)
	}
	_, below := rpctrace.Consume(got, svc, carrier{}, processing, "no")
	below.Stop()
	if points := rec.Points(t); len(points) != 2 || points[1].Parent != p.ID() || len(asked) != 2 {
		t.Errorf("in a traced context: %+v, hook asked %v", points, asked)
	}
}

func TestForgedHeadersAreNotTraced(t *testing.T) {
	svc, rec := profilertest.New(t, "svc", func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool { return true })
	})
	c := carrier{"X-Trace-Info": "e30=", "X-Trace-HMAC": "0123456789012345678901234567890123456789"}
	ctx := context.Background()
	got, p := rpctrace.Consume(ctx, svc, c, processing, "t")
	if p.Active() || got != ctx || len(rec.Points(t)) != 0 {
		t.Error("traced")
	}
	if n := svc.Stats().Refused[header.ErrUnknownKey]; n != 1 {
		t.Errorf("%d refusals counted", n)
	}
}

func TestConsumingTwiceIsOnce(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	c, second := carrier{}, carrier{}
	profiler.Inject(ctx, c)
	ctx, p := rpctrace.Consume(ctx, svc, c, processing, "t")
	again, none := rpctrace.Consume(ctx, svc, c, processing, "t")
	if none.Active() || again != ctx {
		t.Error("two points for one message")
	}
	profiler.Inject(ctx, second)
	_, other := rpctrace.Consume(ctx, svc, second, processing, "t")
	other.Stop()
	p.Stop()
	root.Stop()
	if points := rec.Named(t, "bus_process"); len(points) != 2 || points[1].Parent != points[0].ID {
		t.Errorf("another message inside of the first: %+v", points)
	}
}

func TestHowAPointEnds(t *testing.T) {
	boom := errors.New("boom")
	for _, test := range []struct {
		name           string
		fn             func(context.Context) error
		etype, outcome any
		panics         any
	}{
		{"ok", func(context.Context) error { return nil }, nil, nil, nil},
		{"error", func(context.Context) error { return boom }, "errors.errorString", nil, nil},
		{"cancelled", func(context.Context) error { return context.Canceled }, nil, "cancelled", nil},
		{"timeout", func(context.Context) error { return context.DeadlineExceeded }, "context.deadlineExceededError", "timeout", nil},
		{"panic", func(context.Context) error { panic("ouch") }, "panic", nil, "ouch"},
	} {
		for _, side := range []string{"produce", "process"} {
			t.Run(test.name+" "+side, func(t *testing.T) {
				svc, rec := profilertest.New(t, "svc")
				ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
				defer root.Stop()
				var err, want error
				var panicked any
				func() {
					defer func() { panicked = recover() }()
					if side == "produce" {
						err = rpctrace.Produce(ctx, carrier{}, publishing, test.fn)
					} else {
						err = rpctrace.Process(ctx, svc, carrier{}, processing, "t", test.fn)
					}
				}()
				if test.panics == nil {
					want = test.fn(ctx)
				}
				if err != want || panicked != test.panics {
					t.Errorf("returned %v, panicked with %v", err, panicked)
				}
				p := rec.Points(t)[1]
				if !p.Stopped || p.Stop["etype"] != test.etype || p.Stop["outcome"] != test.outcome {
					t.Errorf("%+v", p)
				}
			})
		}
	}
}

func TestGoexit(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = rpctrace.Produce(ctx, carrier{}, publishing, func(context.Context) error {
			(&testing.T{}).SkipNow() // runtime.Goexit
			return nil
		})
	}()
	watchdog.Await(t, "the end of Produce", done)
	if p := rec.One(t, "bus_publish"); p.Stop["outcome"] != "goexit" {
		t.Errorf("%+v", p)
	}
}

// TestUntracedIsHandled: without a trace the message is handled and sent all
// the same, once, in the caller's context, and its error is returned.
func TestUntracedIsHandled(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, 1)
	boom := errors.New("boom")
	forged := carrier{"X-Trace-Info": "e30=", "X-Trace-HMAC": "0123456789012345678901234567890123456789"}
	for name, run := range map[string]func(func(context.Context) error) error{
		"run": func(fn func(context.Context) error) error { return rpctrace.Run(ctx, profiler.Point{}, fn) },
		"process": func(fn func(context.Context) error) error {
			return rpctrace.Process(ctx, svc, carrier{}, processing, "t", fn)
		},
		"forged": func(fn func(context.Context) error) error {
			return rpctrace.Process(ctx, svc, forged, processing, "t", fn)
		},
		"produce": func(fn func(context.Context) error) error {
			return rpctrace.Produce(ctx, carrier{}, publishing, fn)
		},
	} {
		for _, want := range []error{nil, boom} {
			calls := 0
			err := run(func(got context.Context) error {
				calls++
				if got != ctx {
					t.Errorf("%s: in another context", name)
				}
				return want
			})
			if calls != 1 || err != want {
				t.Errorf("%s: %d calls, returned %v, want %v", name, calls, err, want)
			}
		}
		func() {
			defer func() {
				if v := recover(); v != boom {
					t.Errorf("%s: the panic became %v", name, v)
				}
			}()
			_ = run(func(context.Context) error { panic(boom) })
		}()
	}
	if points := rec.Points(t); len(points) != 0 {
		t.Errorf("%+v", points)
	}
}

func TestAllocUntraced(t *testing.T) {
	svc, _ := profilertest.New(t, "svc")
	ctx, c := context.Background(), carrier{}
	forged := carrier{"X-Trace-Info": "e30=", "X-Trace-HMAC": "0123456789012345678901234567890123456789"}
	fn := func(context.Context) error { return nil }
	for name, f := range map[string]func(){
		"produce": func() { _ = rpctrace.Produce(ctx, c, publishing, fn, slog.String("a", "b")) },
		"process": func() { _ = rpctrace.Process(ctx, svc, c, processing, "t", fn, slog.String("a", "b")) },
		"forged":  func() { _ = rpctrace.Process(ctx, svc, forged, processing, "t", fn, slog.String("a", "b")) },
	} {
		if race.Enabled && name == "forged" {
			continue // a sync.Pool forgets at random under the race detector
		}
		if n := race.Allocs(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
