package sondenats_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

func connect(t testing.TB, options server.Options, more ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(natstest.Start(t, options).URL, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// subscribed makes sure that the server knows of what was just subscribed.
func subscribed(t testing.TB, nc *nats.Conn, _ *nats.Subscription, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
}

func begin(t testing.TB, svc *profiler.Service) context.Context {
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	t.Cleanup(func() { p.Stop() })
	ctx, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	return ctx
}

func info(t testing.TB, in map[string]any) map[string]any {
	t.Helper()
	m, ok := in["nats"].(map[string]any)
	if !ok {
		t.Fatalf("no nats in %v", in)
	}
	return m
}

func next[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// TestWithName: each point has the name that the user gives it, and an empty one
// changes nothing.
func TestWithName(t *testing.T) {
	nc := connect(t, server.Options{})
	svc, rec := profilertest.New(t, "shop")
	sub, err := nc.Subscribe("handled", sondenats.Handler(svc, func(_ context.Context, m *nats.Msg) {
		if m.Reply != "" {
			if err := m.Respond(nil); err != nil {
				t.Error(err)
			}
		}
	}, sondenats.WithName("handle")))
	subscribed(t, nc, sub, err)
	pulled, err := nc.SubscribeSync("pulled")
	subscribed(t, nc, pulled, err)
	ctx, cancel := context.WithTimeout(begin(t, svc), patience)
	defer cancel()
	m := &nats.Msg{Subject: "pulled"}
	if err := errors.Join(
		sondenats.Publish(ctx, nc, "pulled", nil, sondenats.WithName("publish")),
		sondenats.PublishRequest(ctx, nc, "pulled", "answers", nil, sondenats.WithName("publish_request")),
		sondenats.PublishMsg(ctx, nc, m, sondenats.WithName("publish_msg")),
		sondenats.PublishMsg(ctx, nc, m, sondenats.WithName("")),
	); err != nil {
		t.Fatal(err)
	}
	if _, err := sondenats.Request(ctx, nc, "handled", nil, sondenats.WithName("request")); err != nil {
		t.Fatal(err)
	}
	if _, err := sondenats.RequestMsg(ctx, nc, &nats.Msg{Subject: "handled"}, sondenats.WithName("request_msg")); err != nil {
		t.Fatal(err)
	}
	got, err := pulled.NextMsg(patience)
	if err != nil {
		t.Fatal(err)
	}
	_, p := sondenats.Process(context.Background(), svc, got, sondenats.WithName("process"))
	p.Stop()
	watchdog.Until(t, "both requests to be handled", func() bool { return len(rec.Named(t, "handle")) == 2 })
	for _, name := range []string{"publish", "publish_request", "publish_msg", "nats_publish", "request", "request_msg", "process"} {
		rec.One(t, name)
	}
}

func TestPublishSubscribe(t *testing.T) {
	nc := connect(t, server.Options{})
	shop, sent := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")

	headers := make(chan nats.Header, 1)
	handler := sondenats.Handler(stock, func(ctx context.Context, m *nats.Msg) {
		_, p := profiler.Start(ctx, "inside")
		p.Stop()
		headers <- m.Header
	})
	done := make(chan struct{}, 1)
	sub, err := nc.QueueSubscribe("orders.*", "workers", func(m *nats.Msg) { handler(m); done <- struct{}{} })
	subscribed(t, nc, sub, err)

	ctx := begin(t, shop)
	original := nats.Header{"Nats-Msg-Id": {"1"}, "lower": {"a", "b"}, "X-Trace-Info": {"stale"}}
	m := &nats.Msg{Subject: "orders.new", Header: maps.Clone(original), Data: []byte("secret body")}
	for name, publish := range map[string]func() error{
		"Publish":        func() error { return sondenats.Publish(ctx, nc, m.Subject, m.Data) },
		"PublishRequest": func() error { return sondenats.PublishRequest(ctx, nc, m.Subject, "answers", m.Data) },
		"PublishMsg":     func() error { return sondenats.PublishMsg(ctx, nc, m) },
	} {
		n := len(sent.Named(t, "nats_publish"))
		if err := publish(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h := next(t, headers)
		next(t, done)
		if len(h["X-Trace-Info"]) != 1 || h.Get("X-Trace-Info") == "stale" || len(h.Get("X-Trace-HMAC")) != 40 {
			t.Errorf("%s: headers %v", name, h)
		}
		if name == "PublishMsg" && (h.Get("Nats-Msg-Id") != "1" || !slices.Equal(h["lower"], []string{"a", "b"})) {
			t.Errorf("other headers are lost: %v", h)
		}
		out := sent.Named(t, "nats_publish")[n]
		in := received.Named(t, "nats_process")[n]
		inside := received.Named(t, "inside")[n]
		if in.Parent != out.ID || in.Trace != out.Trace || inside.Parent != in.ID || in.Service != "stock" {
			t.Errorf("%s: not a chain: %+v %+v %+v", name, out, in, inside)
		}
		if got := info(t, out.Start); got["subject"] != "orders.new" || got["bytes"] != 11.0 {
			t.Errorf("%s: %v", name, got)
		}
		if got := info(t, in.Start); got["subject"] != "orders.new" || got["bytes"] != 11.0 || got["queue"] != "workers" {
			t.Errorf("%s: %v", name, got)
		}
		if stored := fmt.Sprint(out, in); strings.Contains(stored, string(m.Data)) {
			t.Errorf("%s: the body is stored: %s", name, stored)
		}
		if !out.Stopped || !in.Stopped || len(out.Stop) != 0 || len(in.Stop) != 0 {
			t.Errorf("%s: %+v %+v", name, out, in)
		}
	}
	if !maps.EqualFunc(m.Header, original, slices.Equal) {
		t.Errorf("the caller's headers became %v", m.Header)
	}
}

func TestRequestReply(t *testing.T) {
	nc := connect(t, server.Options{})
	shop, sent := profilertest.New(t, "shop")
	prices, received := profilertest.New(t, "prices")
	processed := make(chan struct{}, 1)
	handler := sondenats.Handler(prices, func(_ context.Context, m *nats.Msg) {
		if err := m.Respond([]byte("42 EUR")); err != nil {
			t.Error(err)
		}
	})
	sub, err := nc.Subscribe("price", func(m *nats.Msg) { handler(m); processed <- struct{}{} })
	subscribed(t, nc, sub, err)

	ctx := begin(t, shop)
	for i, request := range []func() (*nats.Msg, error){
		func() (*nats.Msg, error) { return sondenats.Request(ctx, nc, "price", []byte("sku")) },
		func() (*nats.Msg, error) {
			return sondenats.RequestMsg(ctx, nc, &nats.Msg{Subject: "price", Data: []byte("sku")})
		},
	} {
		reply, err := request()
		if err != nil || string(reply.Data) != "42 EUR" {
			t.Fatalf("%v, %v", reply, err)
		}
		next(t, processed)
		out, in := sent.Named(t, "nats_request")[i], received.Named(t, "nats_process")[i]
		if in.Parent != out.ID {
			t.Errorf("%+v %+v", out, in)
		}
		if got := info(t, out.Stop); got["reply_bytes"] != 6.0 {
			t.Errorf("%v", got)
		}
	}
}

func TestRequestFailures(t *testing.T) {
	nc := connect(t, server.Options{})
	svc, rec := profilertest.New(t, "shop")
	sub, err := nc.SubscribeSync("silent")
	subscribed(t, nc, sub, err)
	cancelled := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx
	}
	late := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	same := func(ctx context.Context) context.Context { return ctx }
	for i, test := range []struct {
		subject        string
		ctx            func(context.Context) context.Context
		want           error
		etype, outcome any
	}{
		{"nobody", same, nats.ErrNoResponders, "errors.errorString", nil},
		{"silent", late, context.DeadlineExceeded, "context.deadlineExceededError", "timeout"},
		{"silent", cancelled, context.Canceled, nil, "cancelled"},
		{"", same, nats.ErrBadSubject, "errors.errorString", nil},
	} {
		_, err := sondenats.Request(test.ctx(begin(t, svc)), nc, test.subject, nil)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.subject, err)
		}
		p := rec.Named(t, "nats_request")[i]
		if p.Stop["etype"] != test.etype || p.Stop["outcome"] != test.outcome {
			t.Errorf("%s: %v", test.subject, p.Stop)
		}
	}
}

// What the bare connection answers, the traced one answers too.
func TestSameErrorsAsUntraced(t *testing.T) {
	nc := connect(t, server.Options{MaxPayload: 1000})
	closed := connect(t, server.Options{})
	closed.Close()
	svc, _ := profilertest.New(t, "shop")
	traced := begin(t, svc)
	big := make([]byte, 1001)
	ok := &nats.Msg{Subject: "s"}
	for name, call := range map[string]func(context.Context) error{
		"nil message": func(ctx context.Context) error { return sondenats.PublishMsg(ctx, nc, nil) },
		"nil request": func(ctx context.Context) error { _, err := sondenats.RequestMsg(ctx, nc, nil); return err },
		"too large":   func(ctx context.Context) error { return sondenats.Publish(ctx, nc, "s", big) },
		"too large request": func(ctx context.Context) error {
			_, err := sondenats.Request(ctx, nc, "s", big)
			return err
		},
		"no subject":    func(ctx context.Context) error { return sondenats.Publish(ctx, nc, "", nil) },
		"closed":        func(ctx context.Context) error { return sondenats.PublishMsg(ctx, closed, ok) },
		"no connection": func(ctx context.Context) error { return sondenats.PublishMsg(ctx, nil, ok) },
	} {
		bare := call(context.Background())
		if got := call(traced); bare == nil || got != bare {
			t.Errorf("%s: %v, untraced %v", name, got, bare)
		}
	}
}

// A message that fits without the headers is sent without them.
func TestNoRoomForHeaders(t *testing.T) {
	nc := connect(t, server.Options{MaxPayload: 1000})
	svc, rec := profilertest.New(t, "shop")
	sub, err := nc.Subscribe("s", func(m *nats.Msg) {
		if err := m.Respond(nil); err != nil {
			t.Error(err)
		}
	})
	subscribed(t, nc, sub, err)
	ctx, data := begin(t, svc), make([]byte, 1000)
	if err := sondenats.Publish(ctx, nc, "t", data); err != nil {
		t.Fatal(err)
	}
	if _, err := sondenats.Request(ctx, nc, "s", data); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nats_publish", "nats_request"} {
		if p := rec.One(t, name); info(t, p.Stop)["headers"] != false || p.Stop["etype"] != nil {
			t.Errorf("%+v", p)
		}
	}
}

func TestServerWithoutHeaders(t *testing.T) {
	nc := connect(t, server.Options{NoHeaderSupport: true})
	svc, rec := profilertest.New(t, "shop")
	sub, err := nc.SubscribeSync("s")
	subscribed(t, nc, sub, err)
	if err := sondenats.Publish(begin(t, svc), nc, "s", []byte("x")); err != nil {
		t.Fatal(err)
	}
	m, err := sub.NextMsg(patience)
	if err != nil || string(m.Data) != "x" {
		t.Errorf("%v, %v", m, err)
	}
	if got := info(t, rec.One(t, "nats_publish").Stop); got["headers"] != false {
		t.Errorf("%v", got)
	}
}

func TestProcess(t *testing.T) {
	nc := connect(t, server.Options{})
	shop, sent := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")
	sub, err := nc.SubscribeSync("s")
	subscribed(t, nc, sub, err)
	if err := sondenats.Publish(begin(t, shop), nc, "s", nil); err != nil {
		t.Fatal(err)
	}
	m, err := sub.NextMsg(patience)
	if err != nil {
		t.Fatal(err)
	}
	ctx, p := sondenats.Process(context.Background(), stock, m)
	again, none := sondenats.Process(ctx, stock, m)
	if again != ctx || none.Active() {
		t.Error("two points for one message")
	}
	p.Fail(errors.New("out of stock"))
	in := received.One(t, "nats_process")
	if in.Parent != sent.One(t, "nats_publish").ID || in.Stop["message"] != "out of stock" {
		t.Errorf("%+v", in)
	}
}

// Drain waits for the handlers, so no point is left open.
func TestDrain(t *testing.T) {
	closed := make(chan struct{})
	nc := connect(t, server.Options{}, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	svc, rec := profilertest.New(t, "stock")
	started := make(chan struct{}, 50)
	sub, err := nc.Subscribe("s", sondenats.Handler(svc, func(context.Context, *nats.Msg) {
		started <- struct{}{}
		time.Sleep(time.Millisecond)
	}))
	subscribed(t, nc, sub, err)
	ctx := begin(t, svc)
	for range cap(started) {
		if err := sondenats.Publish(ctx, nc, "s", nil); err != nil {
			t.Fatal(err)
		}
	}
	next(t, started)
	if err := nc.Drain(); err != nil {
		t.Fatal(err)
	}
	next(t, closed)
	if err := sondenats.Publish(ctx, nc, "s", nil); !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("after the drain: %v", err)
	}
	in := rec.Named(t, "nats_process")
	for _, p := range in {
		if !p.Stopped {
			t.Errorf("still open: %+v", p)
		}
	}
	if len(in) != cap(started) {
		t.Errorf("%d messages were handled", len(in))
	}
}

// A handler's panic would end the program; here it is caught above the wrapper.
func TestHandlerPanicPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "stock")
	m := &nats.Msg{Subject: "s", Header: nats.Header{}}
	ctx := begin(t, svc)
	signed, _ := profiler.Sign(ctx)
	info, mac := signed.Info, signed.HMAC
	m.Header.Set("X-Trace-Info", info)
	m.Header.Set("X-Trace-HMAC", mac)
	defer func() {
		if v := recover(); v != "ouch" {
			t.Errorf("recovered %v", v)
		}
		if p := rec.One(t, "nats_process"); p.Stop["etype"] != "panic" || p.Stop["message"] != "ouch" {
			t.Errorf("%+v", p)
		}
	}()
	sondenats.Handler(svc, func(context.Context, *nats.Msg) { panic("ouch") })(m)
}

func TestAdmission(t *testing.T) {
	svc, rec := profilertest.New(t, "stock", func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(_ context.Context, r profiler.Arrival) bool {
			return r == profiler.Arrival{Layer: "nats", Kind: layer.Consumer, Path: "orders.new"}
		})
	})
	handler := sondenats.Handler(svc, func(context.Context, *nats.Msg) {})
	handler(&nats.Msg{Subject: "orders.old"})
	handler(&nats.Msg{Subject: "orders.new"})
	if p := rec.One(t, "nats_process"); info(t, p.Start)["subject"] != "orders.new" {
		t.Errorf("%+v", p)
	}
}

func TestAllocUntraced(t *testing.T) {
	nc := connect(t, server.Options{})
	svc, _ := profilertest.New(t, "stock")
	ctx, data := context.Background(), []byte("data")
	m := &nats.Msg{Subject: "s", Data: data}
	forged := &nats.Msg{Subject: "s", Header: nats.Header{
		"X-Trace-Info": {"e30="}, "X-Trace-HMAC": {strings.Repeat("0", 40)},
	}}
	sub, err := nc.Subscribe("echo", func(m *nats.Msg) { _ = m.Respond(nil) })
	subscribed(t, nc, sub, err)
	fn := func(context.Context, *nats.Msg) {}
	handler := sondenats.Handler(svc, fn)
	for _, test := range []struct {
		name           string
		bare, untraced func()
	}{
		{"Publish", func() { _ = nc.Publish("s", data) }, func() { _ = sondenats.Publish(ctx, nc, "s", data) }},
		{"PublishMsg", func() { _ = nc.PublishMsg(m) }, func() { _ = sondenats.PublishMsg(ctx, nc, m) }},
		{"Handler", func() { fn(ctx, m) }, func() { handler(m) }},
		{"Handler, forged", func() { fn(ctx, forged) }, func() { handler(forged) }},
	} {
		if race.Enabled && test.name == "Handler, forged" {
			continue // a sync.Pool forgets at random under the race detector
		}
		bare, untraced := race.Allocs(200, test.bare), race.Allocs(200, test.untraced)
		if untraced > bare {
			t.Errorf("%s: %v allocations, bare %v", test.name, untraced, bare)
		}
	}
}
