package profiler_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

var atServer = profiler.Arrival{Layer: "http", Kind: layer.Server, Method: "GET", Path: "/slow"}

// receive opens the point of a request with headers signed by the Service's
// first key.
func receive(t testing.TB, s *profiler.Service, in header.Info, o profiler.Opening) (context.Context, profiler.Point) {
	t.Helper()
	return receiveSigned(t, s, "k1", in, o)
}

func receiveSigned(t testing.TB, s *profiler.Service, secret string, in header.Info, o profiler.Opening) (context.Context, profiler.Point) {
	t.Helper()
	keys, err := header.ParseKeys(secret)
	if err != nil {
		t.Fatal(err)
	}
	h := profilertest.Headers{}
	keys.Primary().Sign(in).Write(h)
	arrived := s.Receive(context.Background(), atServer, h)
	if !arrived.Traced() {
		t.Fatal("not traced")
	}
	return arrived.Open(context.Background(), o)
}

func TestReceive(t *testing.T) {
	for _, kind := range []layer.Kind{layer.Server, layer.Consumer} {
		t.Run(kind.String(), func(t *testing.T) {
			profilertest.Receiver{
				Layer: "toy", Kind: kind,
				Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
					in := svc.Receive(ctx, profiler.Arrival{Layer: "toy", Kind: kind}, h)
					ctx, p := in.Open(ctx, profiler.Opening{Name: "toy"})
					defer p.Stop()
					inside(ctx)
				},
			}.Test(t)
		})
	}
}

// TestReceiveInProcess: a request that an open point of the context has sent is
// another request, even for the layer that has received the first one, and is
// below that point; received once more it is the same.
func TestReceiveInProcess(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	ctx, outer := receive(t, s, header.Info{BaseID: header.NewID()}, profiler.Opening{Name: "outer"})
	ctx, call := profiler.Start(ctx, "call")
	h := profilertest.Headers{}
	if !profiler.Inject(ctx, h) {
		t.Fatal("no headers")
	}
	in := s.Receive(ctx, atServer, h)
	inner, p := in.Open(ctx, profiler.Opening{Name: "inner"})
	again := s.Receive(inner, atServer, h)
	if again.Traced() || !again.Repeated() {
		t.Error("the same request is traced twice")
	}
	p.Stop()
	call.Stop()
	late := s.Receive(ctx, atServer, h) // the point that sent them has ended: as from outside
	if info, ok := late.Signed(); !ok || info.ParentID != call.ID() {
		t.Errorf("received as %v", info)
	}
	outer.Stop()
	mustClose(t, s)
	if e := sink.find(t, "inner-start"); e.Parent() != call.ID() {
		t.Errorf("inner is below %v, want %v", e.Parent(), call.ID())
	}
}

func TestHeadersAreCounted(t *testing.T) {
	s := newService(t, &store{})
	keys, _ := header.ParseKeys("k2")
	signed := keys.Primary().Sign(header.Info{BaseID: header.NewID()})
	for _, mac := range []string{signed.HMAC, "", strings.Repeat("0", 40)} {
		s.Receive(context.Background(), atServer, profilertest.Headers{header.InfoName: signed.Info, header.HMACName: mac})
	}
	st := s.Stats()
	if st.Accepted != 1 || st.Refused[header.ErrNoSignature] != 1 || st.Refused[header.ErrUnknownKey] != 1 {
		t.Errorf("%+v", st)
	}
}

func TestAdmissionHook(t *testing.T) {
	none := profilertest.Headers{}
	admits := func(s *profiler.Service, path string) bool {
		in := s.Receive(context.Background(), profiler.Arrival{Layer: "http", Kind: layer.Server, Method: "GET", Path: path}, none)
		return in.Traced()
	}
	if admits(newService(t, &store{}), "/slow") {
		t.Error("admitted without a hook")
	}
	s := newService(t, &store{}, func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(_ context.Context, a profiler.Arrival) bool {
			if a.Path == "/panic" {
				panic("boom")
			}
			return a.Path == "/slow"
		})
	})
	if !admits(s, "/slow") || admits(s, "/fast") || admits(s, "/panic") {
		t.Error("the hook is not heard")
	}
	if st := s.Stats(); st.Admitted != 1 || st.Panics != 1 {
		t.Errorf("%+v", st)
	}
}

// fromPeer are headers of a request of which the sender is known.
type fromPeer struct{ profilertest.Headers }

func (fromPeer) Peer() string { return net.JoinHostPort("192.0.2.7", "4711") }

// TestForgedIsLoggedOnce: the first of many is, with its reason and who sent it.
func TestForgedIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	s := newService(t, &store{}, func(c *profiler.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	forged := fromPeer{profilertest.Headers{header.InfoName: "e30=", header.HMACName: strings.Repeat("0", 40)}}
	for range 1000 {
		s.Receive(context.Background(), atServer, forged)
	}
	mustClose(t, s)
	text := log.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, "192.0.2.7:4711") || !strings.Contains(text, header.ErrUnknownKey.Error()) {
		t.Errorf("logged: %s", text)
	}
}

func TestNilAndDisabledService(t *testing.T) {
	disabled, err := profiler.New(profiler.Config{Disabled: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*profiler.Service{nil, disabled} {
		ctx, p := s.Begin(context.Background(), profiler.Opening{Name: "job"})
		if ctx != context.Background() || p.Active() || !s.Idle(ctx) {
			t.Error("a trace is begun")
		}
		if st := s.Stats(); st.Traces != 0 || s.Flush(ctx) != nil || s.Close(ctx) != nil {
			t.Errorf("%+v", st)
		}
	}
}

func TestBeginAs(t *testing.T) {
	sink := &store{}
	s := newService(t, sink)
	id, _ := header.ParseID("request-7")
	ctx, p := s.BeginAs(context.Background(), id, profiler.Opening{Name: "job"})
	if profiler.BaseID(ctx) != id || !profiler.BaseID(context.Background()).IsZero() {
		t.Errorf("the trace is %v", profiler.BaseID(ctx))
	}
	p.Stop()
	_, q := s.BeginAs(context.Background(), header.ID{}, profiler.Opening{Name: "other"})
	q.Stop()
	mustClose(t, s)
	if a, b := sink.find(t, "job-stop"), sink.find(t, "other-stop"); a.Trace() != id || b.Trace().IsZero() {
		t.Errorf("traces %v and %v", a.Trace(), b.Trace())
	}
}

func TestIdle(t *testing.T) {
	s := newService(t, &store{})
	ctx, p := receive(t, s, header.Info{BaseID: header.NewID()}, profiler.Opening{Name: "root", Held: true})
	if s.Idle(ctx) || !s.Idle(context.Background()) {
		t.Error("idle with a trace in the context, or not without")
	}
	_, q := profiler.Start(ctx, "inner")
	q.Stop()
	p.Stop()
	p.Stop()
	_, held := receive(t, s, header.Info{BaseID: header.NewID()}, profiler.Opening{Name: "root", Held: true})
	held.Discard()
	if hooked := newService(t, &store{}, func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool { return false })
	}); hooked.Idle(context.Background()) {
		t.Error("idle with a hook")
	}
}

type requestKey struct{}

func TestDetach(t *testing.T) {
	s := newService(t, &store{})
	base, p := s.Begin(context.WithValue(context.Background(), t, "kept"), profiler.Opening{Name: "main"})
	defer p.Stop()
	ofRequest := func(ctx context.Context) bool { return ctx.Value(requestKey{}) != nil }
	request := context.WithValue(base, requestKey{}, 1)
	inside, q := profiler.Start(request, "inside")
	defer q.Stop()
	bare := context.WithValue(context.Background(), requestKey{}, 1)
	within, r := s.Begin(bare, profiler.Opening{Name: "job"})
	defer r.Stop()
	for name, c := range map[string]struct {
		ctx    context.Context
		active bool
	}{
		"detached":                      {profiler.Detach(base), false},
		"of a server's base":            {profiler.WithoutBase(request, ofRequest), false},
		"inside of that":                {profiler.WithoutBase(inside, ofRequest), false},
		"begun within the request":      {profiler.WithoutBase(within, ofRequest), true},
		"not of a request":              {profiler.WithoutBase(base, ofRequest), true},
		"a new point below the request": {mustStart(t, profiler.Detach(base)), false},
	} {
		if profiler.Active(c.ctx) != c.active {
			t.Errorf("%s: active is %v", name, !c.active)
		}
	}
	if profiler.Detach(base).Value(t) != "kept" || profiler.Detach(context.Background()) != context.Background() {
		t.Error("what is no trace is lost, or a context made for nothing")
	}
}

func mustStart(t *testing.T, ctx context.Context) context.Context {
	t.Helper()
	ctx, p := profiler.Start(ctx, "x")
	p.Stop()
	return ctx
}

func TestAllocReceive(t *testing.T) {
	if race.Enabled {
		t.Skip("sync.Pool forgets at random under -race; runs without it too")
	}
	s := newService(t, &store{})
	forged := profilertest.Headers{header.InfoName: "e30=", header.HMACName: strings.Repeat("0", 40)}
	none := profilertest.Headers{}
	ctx := context.Background()
	s.Receive(ctx, atServer, forged) // which is logged
	for name, h := range map[string]profilertest.Headers{"none": none, "forged": forged} {
		if n := race.Allocs(200, func() { s.Receive(ctx, atServer, h) }); n >= 1 {
			t.Errorf("headers %s: %v allocations", name, n)
		}
	}
}
