package sondejetstream_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	sondejetstream "github.com/sonde-go/sonde/rpctrace/nats/jetstream"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// stream is a server with one stream, which takes the subjects s.>.
func stream(t testing.TB, c jetstream.StreamConfig) (jetstream.JetStream, jetstream.Stream) {
	t.Helper()
	nc, err := nats.Connect(natstest.JetStream(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.Subjects = "S", []string{"s.>"}
	s, err := js.CreateStream(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return js, s
}

func consumer(t testing.TB, s jetstream.Stream) jetstream.Consumer {
	t.Helper()
	c, err := s.CreateConsumer(context.Background(), jetstream.ConsumerConfig{Durable: "C", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	return c
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

func fetch(t testing.TB, c jetstream.Consumer, n int) []jetstream.Msg {
	t.Helper()
	batch, err := c.Fetch(n, jetstream.FetchMaxWait(patience))
	if err != nil {
		t.Fatal(err)
	}
	var got []jetstream.Msg
	for m := range batch.Messages() {
		got = append(got, m)
	}
	if batch.Error() != nil || len(got) != n {
		t.Fatalf("%d messages, %v", len(got), batch.Error())
	}
	return got
}

// TestNames: each point has the name that the user gives it.
func TestNames(t *testing.T) {
	js, s := stream(t, jetstream.StreamConfig{})
	svc, rec := profilertest.New(t, "shop")
	ctx := begin(t, svc)
	named := sondejetstream.Named(js, "store")
	if _, err := sondejetstream.Publish(ctx, named, "s.a", nil); err != nil {
		t.Fatal(err)
	}
	future, err := sondejetstream.PublishAsync(ctx, named, "s.a", nil)
	if err := settled(future, err); err != nil {
		t.Fatal(err)
	}
	if _, err := sondejetstream.Publish(ctx, sondejetstream.Named(js, ""), "s.a", nil); err != nil {
		t.Fatal(err)
	}
	if n := len(rec.Named(t, "store")); n != 2 {
		t.Errorf("%d points are called store", n)
	}
	rec.One(t, "nats_publish")
	c := consumer(t, s)
	var messages []jetstream.Msg
	for range 3 {
		m, err := c.Next(jetstream.FetchMaxWait(patience))
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, m)
	}
	sondejetstream.Handler(svc, func(context.Context, jetstream.Msg) {}, sondejetstream.WithName("handle"))(messages[0])
	_, _, p := sondejetstream.Process(context.Background(), svc, messages[1], sondejetstream.WithName("process"))
	p.Stop()
	_, batch := sondejetstream.ProcessBatch(context.Background(), svc, messages[2:], sondejetstream.WithName("batch"))
	batch.Stop()
	for _, name := range []string{"handle", "process", "batch"} {
		rec.One(t, name)
	}
}

func TestPublish(t *testing.T) {
	js, s := stream(t, jetstream.StreamConfig{})
	svc, rec := profilertest.New(t, "shop")
	ctx := begin(t, svc)
	m := &nats.Msg{Subject: "s.a", Header: nats.Header{"k": {"v"}}, Data: []byte("12345")}
	for i, publish := range []func() error{
		func() error { _, err := sondejetstream.Publish(ctx, js, "s.a", m.Data); return err },
		func() error {
			_, err := sondejetstream.PublishMsg(ctx, js, m, jetstream.WithMsgID("1"))
			return err
		},
		func() error {
			ack, err := sondejetstream.PublishMsg(ctx, js, m, jetstream.WithMsgID("1"))
			if err == nil && !ack.Duplicate {
				t.Error("the message id is lost")
			}
			return err
		},
		func() error {
			future, err := sondejetstream.PublishAsync(ctx, js, "s.a", m.Data)
			return settled(future, err)
		},
		func() error {
			future, err := sondejetstream.PublishMsgAsync(ctx, js, m)
			return settled(future, err)
		},
	} {
		if err := publish(); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if len(m.Header) != 1 {
		t.Errorf("the caller's headers became %v", m.Header)
	}
	got := rec.Named(t, "nats_publish")
	for i, want := range []map[string]any{
		{"stream": "S", "stream_seq": 1.0},
		{"stream": "S", "stream_seq": 2.0},
		{"stream": "S", "stream_seq": 2.0, "duplicate": true},
		{"async": true},
		{"async": true},
	} {
		if at := info(t, got[i].Start); at["subject"] != "s.a" || at["bytes"] != 5.0 {
			t.Errorf("%d starts with %v", i, at)
		}
		stop := info(t, got[i].Stop)
		for k, v := range want {
			if stop[k] != v {
				t.Errorf("%d: %s is %v, want %v", i, k, stop[k], v)
			}
		}
		if len(stop) != len(want) {
			t.Errorf("%d stops with %v", i, stop)
		}
	}
	for seq := uint64(1); seq <= 4; seq++ {
		stored, err := s.GetMsg(context.Background(), seq)
		if err != nil {
			t.Fatal(err)
		}
		if len(stored.Header.Get("X-Trace-HMAC")) != 40 || seq%2 == 0 && stored.Header.Get("k") != "v" {
			t.Errorf("%d is stored with %v", seq, stored.Header)
		}
	}
}

func settled(f jetstream.PubAckFuture, err error) error {
	if err != nil {
		return err
	}
	select {
	case <-f.Ok():
		return nil
	case err := <-f.Err():
		return err
	case <-time.After(patience):
		return errors.New("no answer")
	}
}

func TestPublishFails(t *testing.T) {
	js, _ := stream(t, jetstream.StreamConfig{})
	svc, rec := profilertest.New(t, "shop")
	ctx := begin(t, svc)
	_, err := sondejetstream.Publish(ctx, js, "s.a", nil, jetstream.WithExpectLastSequence(7))
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		t.Fatal(err)
	}
	if p := rec.One(t, "nats_publish"); p.Stop["etype"] != "jetstream.APIError" {
		t.Errorf("%v", p.Stop)
	}
	for name, call := range map[string]func(context.Context) error{
		"no stream": func(ctx context.Context) error { _, err := sondejetstream.Publish(ctx, js, "x", nil); return err },
		"bad option": func(ctx context.Context) error {
			_, err := sondejetstream.PublishAsync(ctx, js, "s.a", nil, jetstream.WithRetryAttempts(-1), jetstream.WithStallWait(-1))
			return err
		},
	} {
		bare := call(context.Background())
		if got := call(ctx); bare == nil || got == nil || got.Error() != bare.Error() {
			t.Errorf("%s: %v, untraced %v", name, got, bare)
		}
	}
}

// A message that fits into the stream without the headers is stored without.
func TestStreamWithoutRoomForHeaders(t *testing.T) {
	js, s := stream(t, jetstream.StreamConfig{MaxMsgSize: 100})
	svc, rec := profilertest.New(t, "shop")
	data := bytes.Repeat([]byte{'x'}, 100)
	if _, err := sondejetstream.Publish(begin(t, svc), js, "s.a", data); err != nil {
		t.Fatal(err)
	}
	if m, err := s.GetMsg(context.Background(), 1); err != nil || len(m.Header) != 0 || !bytes.Equal(m.Data, data) {
		t.Errorf("%v, %v", m, err)
	}
	if got := info(t, rec.One(t, "nats_publish").Stop); got["headers"] != false || got["stream_seq"] != 1.0 {
		t.Errorf("%v", got)
	}
}

func TestConsumers(t *testing.T) {
	for _, kind := range []string{"pull", "ordered"} {
		t.Run(kind, func(t *testing.T) {
			js, s := stream(t, jetstream.StreamConfig{})
			shop, sent := profilertest.New(t, "shop")
			stock, received := profilertest.New(t, "stock")
			done := make(chan struct{}, 10)
			handler := sondejetstream.Handler(stock, func(ctx context.Context, m jetstream.Msg) {
				_, p := profiler.Start(ctx, "inside")
				p.Stop()
				if err := m.Ack(); err != nil && kind != "ordered" {
					t.Error(err)
				}
			})
			consume := func(m jetstream.Msg) { handler(m); done <- struct{}{} }
			var running jetstream.ConsumeContext
			var err error
			switch kind {
			case "pull":
				running, err = consumer(t, s).Consume(consume)
			case "ordered":
				var c jetstream.Consumer
				c, err = s.OrderedConsumer(context.Background(), jetstream.OrderedConsumerConfig{})
				if err == nil {
					running, err = c.Consume(consume)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := sondejetstream.Publish(begin(t, shop), js, "s.a", []byte("body")); err != nil {
				t.Fatal(err)
			}
			if _, err := js.Publish(context.Background(), "s.untraced", nil); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				select {
				case <-done:
				case <-time.After(patience):
					t.Fatal("nothing came")
				}
			}
			running.Stop()
			<-running.Closed()

			in := received.One(t, "nats_process")
			if in.Parent != sent.One(t, "nats_publish").ID || received.One(t, "inside").Parent != in.ID {
				t.Errorf("not a chain: %+v", in)
			}
			at := info(t, in.Start)
			if at["subject"] != "s.a" || at["stream"] != "S" || at["stream_seq"] != 1.0 || at["delivered"] != 1.0 || at["bytes"] != 4.0 {
				t.Errorf("starts with %v", at)
			}
			if kind != "ordered" && (at["consumer"] != "C" || info(t, in.Stop)["ack"] != "ack") {
				t.Errorf("starts with %v, stops with %v", at, in.Stop)
			}
		})
	}
}

func TestAcknowledgements(t *testing.T) {
	js, s := stream(t, jetstream.StreamConfig{})
	c := consumer(t, s)
	shop, _ := profilertest.New(t, "shop")
	for i, test := range []struct {
		settle    func(context.Context, jetstream.Msg) error
		want      map[string]any
		redeliver bool
	}{
		{func(_ context.Context, m jetstream.Msg) error { return m.Ack() }, map[string]any{"ack": "ack"}, false},
		{func(ctx context.Context, m jetstream.Msg) error { return m.DoubleAck(ctx) }, map[string]any{"ack": "double_ack"}, false},
		{func(_ context.Context, m jetstream.Msg) error { return m.Nak() }, map[string]any{"ack": "nak"}, true},
		{func(_ context.Context, m jetstream.Msg) error { return m.NakWithDelay(time.Millisecond) },
			map[string]any{"ack": "nak", "delay": "1ms"}, true},
		{func(_ context.Context, m jetstream.Msg) error { return m.Term() }, map[string]any{"ack": "term"}, false},
		{func(_ context.Context, m jetstream.Msg) error { return m.TermWithReason("broken") },
			map[string]any{"ack": "term", "reason": "broken"}, false},
	} {
		stock, received := profilertest.New(t, "stock")
		if _, err := sondejetstream.Publish(begin(t, shop), js, "s.a", nil); err != nil {
			t.Fatal(err)
		}
		ctx, m, p := sondejetstream.Process(context.Background(), stock, fetch(t, c, 1)[0])
		settleCtx, cancel := context.WithTimeout(ctx, patience)
		if err := test.settle(settleCtx, m); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		cancel()
		if err := m.Ack(); err == nil {
			t.Errorf("%d: acknowledged twice", i)
		}
		p.Stop()
		in := received.One(t, "nats_process")
		got := info(t, in.Stop)
		for k, v := range test.want {
			if got[k] != v {
				t.Errorf("%d: %s is %v, want %v", i, k, got[k], v)
			}
		}
		if acks := received.Named(t, "nats_ack"); test.want["ack"] == "double_ack" && (len(acks) != 1 || acks[0].Parent != in.ID) {
			t.Errorf("%d: %+v", i, acks)
		}
		if !test.redeliver {
			continue
		}
		_, m, p = sondejetstream.Process(context.Background(), stock, fetch(t, c, 1)[0])
		if err := m.Ack(); err != nil {
			t.Error(err)
		}
		p.Stop()
		again := received.Named(t, "nats_process")[1]
		if info(t, again.Start)["delivered"] != 2.0 || again.Parent != in.Parent {
			t.Errorf("%d, redelivered: %+v", i, again)
		}
	}
}

func TestDoubleAckInAnUntracedContext(t *testing.T) {
	js, s := stream(t, jetstream.StreamConfig{})
	svc, rec := profilertest.New(t, "stock")
	if _, err := sondejetstream.Publish(begin(t, svc), js, "s.a", nil); err != nil {
		t.Fatal(err)
	}
	_, m, p := sondejetstream.Process(context.Background(), svc, fetch(t, consumer(t, s), 1)[0])
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := m.DoubleAck(ctx); err != nil {
		t.Fatal(err)
	}
	p.Stop()
	if ack := rec.One(t, "nats_ack"); ack.Parent != p.ID() {
		t.Errorf("%+v", ack)
	}
}

func TestProcessBatch(t *testing.T) {
	js, s := stream(t, jetstream.StreamConfig{})
	c := consumer(t, s)
	shop, sent := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")
	for range 2 {
		if _, err := sondejetstream.Publish(begin(t, shop), js, "s.a", []byte("ab")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := js.Publish(context.Background(), "s.b", []byte("c")); err != nil {
		t.Fatal(err)
	}
	for _, m := range fetch(t, c, 2) {
		if err := m.Nak(); err != nil {
			t.Fatal(err)
		}
	}
	_, batch := sondejetstream.ProcessBatch(context.Background(), stock, fetch(t, c, 3))
	batch.Stop()
	out, in := sent.Named(t, "nats_publish"), received.Named(t, "nats_process")
	if len(in) != 2 || len(in[0].Start["links"].([]any)) != 2 {
		t.Fatalf("%+v", in)
	}
	parents := map[any]bool{in[0].Parent: true, in[1].Parent: true}
	if !parents[out[0].ID] || !parents[out[1].ID] {
		t.Errorf("%+v below %+v", in, out)
	}
	at := info(t, in[0].Start)
	if at["messages"] != 3.0 || at["bytes"] != 5.0 || at["redelivered"] != 2.0 || at["stream"] != "S" || at["consumer"] != "C" {
		t.Errorf("%v", at)
	}
	if _, none := sondejetstream.ProcessBatch(context.Background(), stock, nil); none.Active() {
		t.Error("a batch of nothing is traced")
	}
}

func TestPanicPassesOn(t *testing.T) {
	js, s := stream(t, jetstream.StreamConfig{})
	svc, rec := profilertest.New(t, "stock")
	if _, err := sondejetstream.Publish(begin(t, svc), js, "s.a", nil); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if v := recover(); v != "ouch" {
			t.Errorf("recovered %v", v)
		}
		if p := rec.One(t, "nats_process"); p.Stop["message"] != "ouch" {
			t.Errorf("%+v", p)
		}
	}()
	sondejetstream.Handler(svc, func(context.Context, jetstream.Msg) { panic("ouch") })(fetch(t, consumer(t, s), 1)[0])
}

func TestAllocUntraced(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	js, s := stream(t, jetstream.StreamConfig{})
	svc, _ := profilertest.New(t, "stock")
	if _, err := js.Publish(context.Background(), "s.a", nil); err != nil {
		t.Fatal(err)
	}
	m := fetch(t, consumer(t, s), 1)[0]
	handler := sondejetstream.Handler(svc, func(context.Context, jetstream.Msg) {})
	if n := race.Allocs(100, func() { handler(m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := race.Allocs(100, func() { sondejetstream.Process(context.Background(), svc, m) }); n != 0 {
		t.Errorf("Process: %v allocations", n)
	}
}

// still counts the allocations of a publication, which the server in this
// program does not allow, by a publisher that does nothing.
type still struct{ jetstream.Publisher }

func (still) Publish(context.Context, string, []byte, ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	return nil, nil
}

func (still) PublishAsync(string, []byte, ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
	return nil, nil
}

func TestAllocPublishUntraced(t *testing.T) {
	var js jetstream.Publisher = still{}
	ctx := context.Background()
	if n := race.Allocs(100, func() {
		_, _ = sondejetstream.Publish(ctx, js, "s", nil)
		_, _ = sondejetstream.PublishAsync(ctx, js, "s", nil)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
