package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/record"
)

func TestTree(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	base, _ := header.ParseID("11111111-2222-4333-8444-555555555555")
	parent, _ := header.ParseID("caller")
	ctx, root := receive(t, s, header.Info{BaseID: base, ParentID: parent}, profiler.Opening{Name: "http"})
	inner, a := profiler.Start(ctx, "a")
	_, b := profiler.Start(inner, "b")
	b.Stop()
	a.Stop()
	_, sibling := profiler.Start(ctx, "c")
	sibling.Stop()
	root.Stop()
	mustClose(t, s)
	for name, want := range map[string]header.ID{"http-start": parent, "a-start": root.ID(), "b-stop": a.ID(), "c-start": root.ID()} {
		if e := sink.find(t, name); e.Parent() != want || e.Trace() != base {
			t.Errorf("%s hangs under %v in %v, want %v in %v", name, e.Parent(), e.Trace(), want, base)
		}
	}
	if e := sink.find(t, "a-start"); e.Service() != "api" || e.Project() != "shop" || e.Host() != "host-a" || info(t, e)["host"] != "host-a" {
		t.Errorf("%+v", e)
	}
}

// TestGoroutines: parent and child follow the context, whatever runs them.
func TestGoroutines(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ctx, p := profiler.Start(ctx, fmt.Sprintf("outer%d", i))
			defer p.Stop()
			_, q := profiler.Start(ctx, fmt.Sprintf("inner%d", i))
			q.Stop()
		}()
	}
	wg.Wait()
	root.Stop()
	mustClose(t, s)
	for i := range 50 {
		outer, inner := sink.find(t, fmt.Sprintf("outer%d-start", i)), sink.find(t, fmt.Sprintf("inner%d-start", i))
		if outer.Parent() != root.ID() || inner.Parent() != outer.Point() {
			t.Errorf("%d: the tree is wrong", i)
		}
	}
	if st := balanced(t, s); st.Starts != 101 || st.Stops != 101 || st.Acknowledged != 202 {
		t.Errorf("%+v", st)
	}
}

func TestWrongStops(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	_, twice := profiler.Start(ctx, "twice")
	twice.Stop(slog.Int("n", 1))
	twice.Stop(slog.Int("n", 2))
	twice.Add(slog.Int("n", 3))
	_, failed := profiler.Start(ctx, "failed")
	failed.Fail(errSink)
	failed.Stop()
	_, open := profiler.Start(ctx, "never")
	root.Stop()
	mustClose(t, s)
	open.Stop()
	st := balanced(t, s)
	if st.Late != 2 || st.Starts != 4 || st.Stops != 3 || st.Dropped.Closed != 1 {
		t.Errorf("%+v", st)
	}
	if got := info(t, sink.find(t, "twice-stop"))["n"]; got != 1.0 {
		t.Errorf("the second Stop was written: n = %v", got)
	}
	if slices.Contains(sink.names(), "never-stop") {
		t.Error("a stop after Close was stored")
	}
}

func TestFail(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	for name, err := range map[string]error{
		"plain":     errSink,
		"wrapped":   fmt.Errorf("while paying: %w", &pathError{"x"}),
		"joined":    errors.Join(&pathError{"a"}, errSink),
		"cancelled": fmt.Errorf("gone: %w", context.Canceled),
		"panics":    badError{},
		"for ever":  selfPanicking{},
		"none":      nil,
		"deadline":  fmt.Errorf("asking: %w", context.DeadlineExceeded),
		"network":   &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded},
		"not_yet":   &net.OpError{Op: "read", Err: errSink},
	} {
		_, p := profiler.Start(ctx, name)
		p.Fail(err)
	}
	_, p := profiler.Start(ctx, "panic")
	p.End(profiler.Ending{Panic: "boom"})
	root.Stop()
	mustClose(t, s)
	for name, want := range map[string][3]any{
		"plain":     {"errors.errorString", "the store is full", nil},
		"wrapped":   {"profiler_test.pathError", "while paying: no x", nil},
		"joined":    {"profiler_test.pathError", "no a\nthe store is full", nil},
		"cancelled": {nil, nil, "cancelled"},
		"panics":    {"profiler_test.badError", "!PANIC: in Error", nil},
		"for ever":  {"profiler_test.selfPanicking", "!PANIC: a profiler_test.selfPanicking, whose text panics", nil},
		"none":      {nil, nil, nil},
		"deadline":  {"context.deadlineExceededError", "asking: context deadline exceeded", "timeout"},
		"network":   {"net.OpError", "read: i/o timeout", "timeout"},
		"not_yet":   {"net.OpError", "read: the store is full", nil},
		"panic":     {"panic", "boom", nil},
	} {
		m := info(t, sink.find(t, name+"-stop"))
		if got := [3]any{m["etype"], m["message"], m["outcome"]}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

type pathError struct{ path string }

func (e *pathError) Error() string { return "no " + e.path }

type badError struct{}

func (badError) Error() string { panic("in Error") }

// selfPanicking panics with itself wherever it is asked for anything, so that
// the text of the panic panics as well.
type selfPanicking struct{}

func (v selfPanicking) Error() string                { panic(v) }
func (v selfPanicking) Is(error) bool                { panic(v) }
func (v selfPanicking) Unwrap() error                { panic(v) }
func (v selfPanicking) LogValue() slog.Value         { panic(v) }
func (v selfPanicking) MarshalJSON() ([]byte, error) { panic(v) }

// selfStringing does so in String alone.
type selfStringing struct{}

func (v selfStringing) String() string { panic(v) }

// TestSelfPanicking: no way in breaks the request.
func TestSelfPanicking(t *testing.T) {
	sink := &store{}
	s := newService(t, sink, func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool { panic(selfPanicking{}) })
	})
	if in := s.Receive(context.Background(), atServer, profilertest.Headers{}); in.Traced() {
		t.Error("admitted")
	}
	for _, v := range []any{selfPanicking{}, selfStringing{}, &selfPanicking{}, []any{selfPanicking{}}, &wraps{selfPanicking{}}} {
		a := slog.Any("v", v)
		_, p := s.Begin(context.Background(), profiler.Opening{Name: "p"}, a, slog.Any("g", slog.GroupValue(a)))
		p.Add(a)
		p.Append("list", a)
		p.Stop(slog.Group("w", a))
		_, p = s.Begin(context.Background(), profiler.Opening{Name: "q"})
		p.End(profiler.Ending{Panic: v})
	}
	for _, err := range []error{selfPanicking{}, errors.Join(selfPanicking{}, errSink), &wraps{selfPanicking{}}} {
		_, p := s.Begin(context.Background(), profiler.Opening{Name: "r"})
		p.Fail(err)
		func() {
			ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
			defer root.Stop()
			defer func() {
				if v := recover(); v != err {
					t.Errorf("the panic with %T became one with %T", err, v)
				}
			}()
			_ = profiler.Trace(ctx, "panics", func(context.Context) error { panic(err) })
		}()
	}
	mustClose(t, s)
	for _, e := range sink.all() {
		info(t, &e)
	}
	if n := len(sink.all()); n != 5*4+3*6 {
		t.Errorf("%d records: %v", n, sink.names())
	}
}

type wraps struct{ error }

func (w *wraps) Unwrap() error { return w.error }

func TestAdd(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	_, p := profiler.Start(ctx, "p", slog.Int("at start", 1))
	p.Add(slog.Int("rows", 1), slog.String("kept", "yes"))
	p.Add(slog.Int("rows", 2), slog.Int("given twice", 1))
	p.Stop(slog.Int("given twice", 2))
	root.Stop()
	mustClose(t, s)
	if got, want := string(sink.find(t, "p-stop").Info()), `{"kept":"yes","rows":2,"given twice":2,"host":"host-a"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHeld(t *testing.T) {
	sink := &store{}
	s := newService(t, sink, func(c *profiler.Config) { c.Queue.FlushInterval = time.Hour })
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	held := func(name string) profiler.Point {
		_, p := profiler.Open(ctx, profiler.Opening{Name: name, Held: true})
		return p
	}
	held("skipped").Discard()
	stopped := held("stopped")
	kept, released, flushed := held("kept"), held("released"), held("flushed")
	released.Release()
	for range 40 { // full chunks go, held records stay
		_, p := profiler.Start(ctx, "step")
		p.Stop()
	}
	kept.Discard()
	stopped.Stop()
	if slices.Contains(sink.names(), "flushed-start") {
		t.Error("a held record was written before its time")
	}
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(sink.names(), "flushed-start") {
		t.Error("a hanging point cannot be seen")
	}
	flushed.Discard()
	flushed.Discard()
	released.Stop()
	root.Stop()
	mustClose(t, s)
	var got []string
	for _, n := range sink.names() {
		if n != "step-start" && n != "step-stop" {
			got = append(got, n)
		}
	}
	slices.Sort(got)
	want := []string{"flushed-start", "flushed-stop", "released-start", "released-stop", "root-start", "root-stop", "stopped-start", "stopped-stop"}
	if !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
	if m := info(t, sink.find(t, "flushed-stop")); m["outcome"] != "discarded" {
		t.Errorf("%v", m)
	}
	balanced(t, s)
}

// TestManyHeld: more points than a chunk holds are withheld at once, and each
// is written once or not at all.
func TestManyHeld(t *testing.T) {
	const n = 500
	sink := &store{}
	s := newService(t, sink, func(c *profiler.Config) { c.Queue.FlushInterval = time.Hour })
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	var held [n]profiler.Point
	for i := range held {
		_, held[i] = profiler.Open(ctx, profiler.Opening{Name: "held", Held: true}, slog.String("text", strings.Repeat("x", 1000)))
	}
	if slices.Contains(sink.names(), "held-start") {
		t.Error("a held record was written before its time")
	}
	for i, p := range held {
		if i%2 == 0 {
			p.Discard()
		} else {
			p.Stop()
		}
	}
	root.Stop()
	mustClose(t, s)
	if st := balanced(t, s); st.Starts != n/2+1 || st.Stops != n/2+1 || st.Acknowledged != n+2 {
		t.Errorf("%+v", st)
	}
}

type resolver struct{ v slog.Value }

func (r resolver) LogValue() slog.Value { return r.v }

type endless struct{}

func (endless) LogValue() slog.Value { return slog.AnyValue(endless{}) }

type badMarshal struct{}

func (badMarshal) MarshalJSON() ([]byte, error) { panic("in MarshalJSON") }

type nested struct {
	Deeper *nested `json:"deeper,omitempty"`
}

func TestAttributes(t *testing.T) {
	deep := &nested{}
	for range 20 {
		deep = &nested{deep}
	}
	for _, c := range []struct {
		attr slog.Attr
		want string
	}{
		{slog.String("k", "a\"\\\n\x00\x7fé😀\xff"), `"k":"a\"\\\n\u0000\u007f\u00e9\ud83d\ude00\ufffd"`},
		{slog.Int("k", math.MinInt64), `"k":-9223372036854775808`},
		{slog.Uint64("k", math.MaxUint64), `"k":18446744073709551615`},
		{slog.Bool("k", true), `"k":true`},
		{slog.Float64("k", 1.5), `"k":1.5`},
		{slog.Float64("k", math.NaN()), `"k":"NaN"`},
		{slog.Float64("k", math.Inf(-1)), `"k":"-Inf"`},
		{slog.Duration("k", 1500*time.Microsecond), `"k":"1.5ms"`},
		{slog.Time("k", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)), `"k":"2026-01-02T03:04:05.000000006Z"`},
		{slog.Group("k", slog.Int("a", 1), slog.Int("a", 2)), `"k":{"a":2}`},
		{slog.Group("k"), `"k":{}`},
		{slog.Group("", slog.Int("a", 1)), `"a":1`},
		{slog.Any("k", nil), `"k":null`},
		{slog.Any("k", errSink), `"k":"the store is full"`},
		{slog.Any("k", []string{"é"}), `"k":["\u00e9"]`},
		{slog.Any("k", resolver{slog.IntValue(3)}), `"k":3`},
		{slog.Any("k", resolver{slog.GroupValue(slog.Int("a", 1))}), `"k":{"a":1}`},
		{slog.Any("k", endless{}), `"k":"!ERROR: LogValue returns LogValuers without end"`},
		{slog.Any("k", badMarshal{}), `"k":"!PANIC: in MarshalJSON"`},
		{slog.Any("k", badError{}), `"k":"!PANIC: in Error"`},
		{slog.Any("k", make(chan int)), `"k":"!ERROR: json: unsupported type: chan int"`},
		{slog.Any("k", deep), `"k":{"deeper":{"deeper":{"deeper":{"deeper":{"deeper":{"deeper":{"deeper":"\u2026"}}}}}}}`},
		{slog.String("host", "x"), `"host_":"x"`},
		{slog.String("sonde", "x"), `"sonde_":"x"`},
		{slog.String("", "x"), ``},
	} {
		sink := &store{}
		s := newService(t, sink)
		_, p := s.Begin(context.Background(), profiler.Opening{Name: "p"}, c.attr)
		p.Stop()
		mustClose(t, s)
		want := "{" + c.want + `,"sonde":{"kind":"internal"},"host":"host-a"}`
		if c.want == "" {
			want = `{"sonde":{"kind":"internal"},"host":"host-a"}`
		}
		e := sink.find(t, "p-start")
		info(t, e)
		if string(e.Info()) != want {
			t.Errorf("%v:\n got %s\nwant %s", c.attr, e.Info(), want)
		}
	}
}

func TestInfoIsBounded(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	huge := strings.Repeat("x", 1<<20)
	for name, attrs := range map[string][]slog.Attr{
		"text":    {slog.String("a", huge), slog.String("b", "left out")},
		"control": {slog.String("a", strings.Repeat("\x00", 1<<20))},
		"wide":    {slog.String("a", strings.Repeat("é", 1<<20))},
		"json":    {slog.Any("a", []string{huge}), slog.String("b", "kept")},
		"added":   {slog.String("a", strings.Repeat("x", 12<<10))},
	} {
		_, p := s.Begin(context.Background(), profiler.Opening{Name: name}, attrs...)
		p.Add(slog.String("more", strings.Repeat("y", 12<<10)), slog.String("most", strings.Repeat("z", 12<<10)))
		p.Stop(attrs...)
	}
	mustClose(t, s)
	for _, e := range sink.all() {
		m := info(t, &e)
		if len(e.Info()) > 17<<10 {
			t.Errorf("%s has %d bytes of info", e.RecordName(), len(e.Info()))
		}
		sonde, _ := m["sonde"].(map[string]any)
		if cut := e.RecordName() != "added-start"; (sonde["truncated"] == true) != cut {
			t.Errorf("%s: truncated is %v", e.RecordName(), sonde["truncated"])
		}
	}
	if st := s.Stats(); st.Truncated == 0 {
		t.Errorf("%+v", st)
	}
}

// TestCutIsNotEmptied: a text without room for all of it is stored as far as
// there is room: ASCII to the limit, anything else at least a sixth.
func TestCutIsNotEmptied(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want int // characters at least
	}{
		"ASCII":         {strings.Repeat("x", 1<<20), 16<<10 - 100},
		"control":       {strings.Repeat("\x01", 1<<20), (16<<10 - 100) / 6},
		"two bytes":     {strings.Repeat("é", 1<<20), (16<<10 - 100) / 12},
		"one too many":  {strings.Repeat("x", 16<<10), 16<<10 - 100},
		"escaped late":  {strings.Repeat("x", 16<<10-100) + strings.Repeat("\x01", 100), (16<<10 - 100) / 6},
		"in a failure":  {strings.Repeat("x", 1<<20), 16<<10 - 100},
		"in a panic":    {strings.Repeat("x", 1<<20), 1 << 10},
		"given by Add":  {strings.Repeat("x", 1<<20), 15 << 10},
		"added twice":   {strings.Repeat("x", 1<<20), 15 << 10},
		"nothing":       {"", 0},
		"after a short": {strings.Repeat("x", 1<<20), 16<<10 - 200},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &store{}
			s := newService(t, sink)
			ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
			_, p := profiler.Start(ctx, "p")
			key := "text"
			switch name {
			case "in a failure":
				key = "message"
				p.Fail(errors.New(c.text))
			case "in a panic":
				key = "message"
				p.End(profiler.Ending{Panic: c.text})
			case "given by Add", "added twice":
				p.Add(slog.String("short", "s"))
				if name == "added twice" {
					p.Add(slog.String("text", c.text))
				}
				p.Add(slog.String("text", c.text))
				p.Stop()
			case "after a short":
				p.Stop(slog.String("short", "s"), slog.String("text", c.text))
			default:
				p.Stop(slog.String("text", c.text))
			}
			root.Stop()
			mustClose(t, s)
			e := sink.find(t, "p-stop")
			m := info(t, e)
			got, _ := m[key].(string)
			if !strings.HasPrefix(c.text, got) || len([]rune(got)) < c.want || len(e.Info()) > 17<<10 {
				t.Errorf("%d characters of %d are stored, in %d bytes of info", len([]rune(got)), len([]rune(c.text)), len(e.Info()))
			}
			sonde, _ := m["sonde"].(map[string]any)
			if cut := name != "nothing" && name != "in a panic"; (sonde["truncated"] == true) != cut {
				t.Errorf("sonde: %v", sonde)
			}
		})
	}
}

// TestUserCodeRunsUnlocked: a value's own code may use the same trace.
func TestUserCodeRunsUnlocked(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	_, p := profiler.Start(ctx, "outer", slog.Any("v", tracing{ctx}))
	p.Add(slog.Any("v", tracing{ctx}))
	p.Stop(slog.Any("w", tracing{ctx}))
	root.Stop()
	mustClose(t, s)
	if n := len(sink.all()); n != 4+6 {
		t.Errorf("%d records: %v", n, sink.names())
	}
}

type tracing struct{ ctx context.Context }

func (v tracing) LogValue() slog.Value {
	_, p := profiler.Start(v.ctx, "inside")
	p.Stop()
	return slog.StringValue("done")
}

// TestNothingIsHeld: a value of the caller's may be collected while its point
// is still open.
func TestNothingIsHeld(t *testing.T) {
	s := newService(t, &store{}, func(c *profiler.Config) { c.Queue.FlushInterval = time.Hour })
	gone := make(chan struct{})
	_, p := func() (context.Context, profiler.Point) {
		v := &nested{}
		runtime.AddCleanup(v, func(struct{}) { close(gone) }, struct{}{})
		ctx, p := s.Begin(context.Background(), profiler.Opening{Name: "root"}, slog.Any("v", v))
		p.Add(slog.Any("w", v))
		return ctx, p
	}()
	watchdog.Until(t, "the value to be collected", func() bool {
		runtime.GC()
		select {
		case <-gone:
			return true
		default:
			return false
		}
	})
	p.Stop()
}

func TestNames(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	for name, want := range map[string]string{
		"a-b-c": "a_b_c", "": "unnamed", strings.Repeat("é", 300): strings.Repeat("é", 200), `q"`: `q"`,
	} {
		_, p := s.Begin(context.Background(), profiler.Opening{Name: name})
		p.Stop()
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		e := sink.find(t, want+"-start")
		if _, err := record.Parse(e.AppendJSON(nil)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTimes(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)
	before := time.Now()
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	_, p := profiler.Open(ctx, profiler.Opening{Name: "past", Time: at})
	p.End(profiler.Ending{Time: at.Add(time.Second)})
	root.Stop()
	mustClose(t, s)
	if a, b := sink.find(t, "past-start").Time(), sink.find(t, "past-stop").Time(); a != at.UnixNano() || b-a != int64(time.Second) {
		t.Errorf("given times became %v and %v", time.Unix(0, a), time.Unix(0, b))
	}
	start, stop := sink.find(t, "root-start").Time(), sink.find(t, "root-stop").Time()
	if start < before.UnixNano() || stop < start || stop > time.Now().UnixNano() {
		t.Errorf("times %v to %v", start, stop)
	}
}

func TestTrace(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	if err := profiler.Trace(ctx, "ok", func(ctx context.Context) error {
		_, p := profiler.Start(ctx, "below")
		p.Stop()
		return nil
	}); err != nil {
		t.Error(err)
	}
	if err := profiler.Trace(ctx, "fails", func(context.Context) error { return errSink }); err != errSink {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() {
			if v := recover(); v != errSink {
				t.Errorf("the panic became %v", v)
			}
		}()
		_ = profiler.Trace(ctx, "panics", func(context.Context) error { panic(errSink) })
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = profiler.Trace(ctx, "exits", func(context.Context) error { runtime.Goexit(); return nil })
	}()
	watchdog.Await(t, "the end of Trace", done)
	root.Stop()
	mustClose(t, s)
	if e := sink.find(t, "below-start"); e.Parent() != sink.find(t, "ok-start").Point() {
		t.Error("what runs inside does not hang under the block")
	}
	for name, want := range map[string][2]any{"ok": {}, "fails": {"errors.errorString"}, "panics": {"panic"}, "exits": {nil, "goexit"}} {
		m := info(t, sink.find(t, name+"-stop"))
		if got := [2]any{m["etype"], m["outcome"]}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	ran := false
	if err := profiler.Trace(context.Background(), "untraced", func(context.Context) error { ran = true; return errSink }); err != errSink || !ran {
		t.Errorf("untraced: %v", err)
	}
}

func TestPropagation(t *testing.T) {
	s := newService(t, &store{})
	if _, ok := profiler.Sign(context.Background()); ok || profiler.Active(context.Background()) {
		t.Error("a context without a profiler has headers")
	}
	old, _ := header.ParseKeys("k2")
	base := header.NewID()
	ctx, root := receiveSigned(t, s, "k2", header.Info{BaseID: base}, profiler.Opening{Name: "root"})
	defer root.Stop()
	ctx, p := profiler.Start(ctx, "call")
	defer p.Stop()
	signed, ok := profiler.Sign(context.WithoutCancel(ctx))
	if !ok {
		t.Fatal("no headers")
	}
	in, _, err := old.Verify(signed)
	if err != nil || in.BaseID != base || in.ParentID != p.ID() {
		t.Errorf("%v, %v: signed with another key, or of another point", in, err)
	}
	keyless := newService(t, &store{}, func(c *profiler.Config) { c.Keys = nil })
	unsigned, q := keyless.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer q.Stop()
	if _, ok := profiler.Sign(unsigned); ok {
		t.Error("headers without a key")
	}
}

func TestAllocUntraced(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, 1)
	n := race.Allocs(200, func() {
		c, p := profiler.Start(ctx, "price", slog.String("sku", "1"), slog.Int("n", 3), slog.Bool("b", true), slog.Duration("d", 5), slog.Float64("f", 1.5))
		if c != ctx || p.Active() {
			t.Error("a point without a profiler")
		}
		p.Add(slog.Int("n", 1))
		p.Stop(slog.Int("n", 1))
		p.Fail(nil)
		profiler.Active(ctx)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAllocTraced(t *testing.T) {
	if race.Enabled {
		t.Skip("sync.Pool forgets at random under -race; runs without it too")
	}
	s := newService(t, discard{})
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	n := race.Allocs(2000, func() {
		_, p := profiler.Start(ctx, "price", slog.String("sku", "1"), slog.Int("n", 3), slog.Bool("b", true))
		p.Stop()
	})
	if n > 1 {
		t.Errorf("%v allocations a point, want the point itself", n)
	}
}

type discard struct{}

func (discard) Notify(context.Context, []record.Event) error { return nil }

func FuzzAttributes(f *testing.F) {
	f.Add("key", "value", "name", 3)
	f.Add("", "\xff\x00", "-", -1)
	sink := &store{}
	keep := newService(f, sink)
	f.Fuzz(func(t *testing.T, key, value, name string, n int) {
		_, p := keep.Begin(context.Background(), profiler.Opening{Name: name, Layer: &layer.Layer{Group: key}},
			slog.String(key, value), slog.Group(value, slog.Int(key, n), slog.Any(name, []string{value})))
		p.Add(slog.String(key, value))
		p.Stop(slog.Any(key, map[string]string{key: value}))
		if err := keep.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		sink.mu.Lock()
		events := sink.events
		sink.events = nil
		sink.mu.Unlock()
		for i := range events {
			info(t, &events[i])
			if _, err := record.Parse(events[i].AppendJSON(nil)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
