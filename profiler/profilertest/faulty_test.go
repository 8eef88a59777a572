package profilertest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// toy is a layer whose mistakes can be switched on.
type toy struct {
	arrival                                                                     string
	alone, trusting, endless, outside, stripped, twice, refuses, deaf, repeated bool
	first, freely                                                               bool
}

func (l toy) receive(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
	asked := ctx
	if l.alone {
		asked = context.Background()
	}
	carried := h
	if l.first {
		carried = profilertest.Headers{}
		for name, value := range h.All() {
			carried[name] = value
		}
	}
	if l.deaf {
		carried = profilertest.Headers{}
	}
	in := svc.Receive(asked, profiler.Arrival{Layer: l.arrival, Kind: layer.Server}, carried)
	within, p := in.Open(ctx, profiler.Opening{Name: "toy"})
	if l.trusting && !in.Traced() && h[header.InfoName] != "" {
		within, p = svc.Begin(ctx, profiler.Opening{Name: "toy"})
	}
	if l.freely && !in.Traced() && svc.Stats().Refused[header.ErrTraceFull] > 0 {
		within, p = svc.Begin(ctx, profiler.Opening{Name: "toy"})
	}
	if l.repeated && in.Repeated() {
		within, p = profiler.Start(ctx, "toy")
	}
	if l.stripped && !in.Traced() {
		within = context.Background()
	}
	if l.outside {
		within = ctx
	}
	if !l.refuses || in.Traced() {
		inside(within)
	}
	if l.twice {
		inside(within)
	}
	if !l.endless {
		p.Stop()
	}
}

// passOn runs the suite of a wrapper and looks at its points.
func passOn(t *testing.T, wrap func(ctx context.Context, fn func())) {
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	profilertest.PassOn(t, func(fn func()) { wrap(ctx, fn) })
	root.Stop()
	rec.Unwound(t, "toy")
}

// suites are runs of the suites and what they complain of; "" is a pass.
var suites = map[string]struct {
	complaint string
	run       func(t *testing.T)
}{
	"right":                      {"", toyed(toy{arrival: "toy"})},
	"tells another name":         {"the admission hook is told of", toyed(toy{arrival: "other"})},
	"does not see its context":   {"the request is served in the context", toyed(toy{arrival: "toy", alone: true})},
	"takes any header":           {"want no point", toyed(toy{arrival: "toy", trusting: true})},
	"does not end its point":     {"want one that has ended", toyed(toy{arrival: "toy", endless: true})},
	"serves outside its point":   {"want that of the layer's point", toyed(toy{arrival: "toy", outside: true})},
	"takes the context away":     {"as it came", toyed(toy{arrival: "toy", stripped: true})},
	"serves twice":               {"served 2 times", toyed(toy{arrival: "toy", twice: true})},
	"serves only what is traced": {"served 0 times", toyed(toy{arrival: "toy", refuses: true})},
	"does not read headers":      {"counted as forged", toyed(toy{arrival: "toy", deaf: true})},
	"records itself twice":       {"received inside itself", toyed(toy{arrival: "toy", repeated: true})},
	"takes one of two values":    {"with all values of their headers", toyed(toy{arrival: "toy", first: true})},
	"heeds no limit":             {"want no point", toyed(toy{arrival: "toy", freely: true})},
	"sends":                      {"", sending(false, func(ctx context.Context, h profilertest.Headers) { profiler.Inject(ctx, h) })},
	"sends to a stranger":        {"want no headers", sending(true, func(ctx context.Context, h profilertest.Headers) { profiler.Inject(ctx, h) })},
	"sends what it carries":      {"want no headers", sending(false, func(context.Context, profilertest.Headers) {})},
	"sends nothing":              {"want the signed headers", sending(false, func(_ context.Context, h profilertest.Headers) { header.Remove(h) })},
	"passes on": {"", func(t *testing.T) {
		passOn(t, func(ctx context.Context, fn func()) {
			_ = profiler.Trace(ctx, "toy", func(context.Context) error { fn(); return nil })
		})
	}},
	"says nothing of a panic": {"ended as", func(t *testing.T) {
		passOn(t, func(ctx context.Context, fn func()) {
			_, p := profiler.Start(ctx, "toy")
			defer p.Stop()
			fn()
		})
	}},
	"swallows a panic": {"did not pass on: returned true", func(t *testing.T) {
		passOn(t, func(_ context.Context, fn func()) {
			defer func() { _ = recover() }()
			fn()
		})
	}},
	"changes a panic": {"did not pass on: returned false", func(t *testing.T) {
		passOn(t, func(_ context.Context, fn func()) {
			defer func() {
				if v := recover(); v != nil {
					panic(errors.New("another"))
				}
			}()
			fn()
		})
	}},
	"ends no goroutine": {"runtime.Goexit did not pass on", func(t *testing.T) {
		passOn(t, func(_ context.Context, fn func()) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { _ = recover() }()
				fn()
			}()
			<-done
		})
	}},
}

func toyed(l toy) func(*testing.T) {
	return profilertest.Receiver{Layer: "toy", Kind: layer.Server, Receive: l.receive}.Test
}

func sending(stranger bool, prepare func(context.Context, profilertest.Headers)) func(*testing.T) {
	return profilertest.Sender{
		Stranger: stranger,
		Send: func(_ *testing.T, ctx context.Context, h profilertest.Headers) profilertest.Headers {
			prepare(ctx, h)
			return h
		},
	}.Test
}

// suiteOf names the suite that a process of [TestSuitesComplain] runs.
const suiteOf = "PROFILERTEST_SUITE"

func TestSuite(t *testing.T) {
	name := os.Getenv(suiteOf)
	if name == "" {
		t.Skip("run by TestSuitesComplain")
	}
	suites[name].run(t)
}

// TestSuitesComplain: the suites pass what is right, and say what is wrong. They
// run in processes of their own, since they fail.
func TestSuitesComplain(t *testing.T) {
	for name, suite := range suites {
		t.Run(name, func(t *testing.T) {
			c := exec.Command(os.Args[0], "-test.run=^TestSuite$")
			c.Env = append(os.Environ(), suiteOf+"="+name)
			out, err := c.CombinedOutput()
			var failed *exec.ExitError
			if err != nil && !errors.As(err, &failed) {
				t.Fatal(err)
			}
			if passed := err == nil; passed != (suite.complaint == "") || !strings.Contains(string(out), suite.complaint) {
				t.Errorf("passed: %v, want %q in:\n%.2000s", passed, suite.complaint, out)
			}
		})
	}
}
