package profiler_test

import (
	"context"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// sampler answers what it is told to, and counts how often it is asked.
type sampler struct {
	begin, join  profiler.Verdict
	begun, joins int
	panics       bool
	detached     *bool
}

func (s *sampler) Begin(context.Context, profiler.Arrival) profiler.Verdict {
	s.begun++
	return s.begin
}

func (s *sampler) Join(context.Context, profiler.Arrival, header.Sample) profiler.Verdict {
	if s.joins++; s.panics {
		panic("boom")
	}
	return s.join
}

func (s *sampler) Attach(*profiler.Service) func() { return func() { *s.detached = true } }

func sampling(t *testing.T, asked *sampler) (*profiler.Service, *profilertest.Recorder) {
	t.Helper()
	asked.detached = new(bool)
	return profilertest.New(t, "svc", func(c *profiler.Config) { c.Sampler = asked })
}

func signed(base header.ID) profilertest.Headers {
	keys, _ := header.ParseKeys("key")
	h := profilertest.Headers{}
	keys.Primary().Sign(header.Info{BaseID: base, ParentID: header.NewID()}).Write(h)
	return h
}

// TestSamplerBegins: the trace has the id that the sampler gives, and its first record
// says why.
func TestSamplerBegins(t *testing.T) {
	id := header.NewSampledID(0.25)
	s, rec := sampling(t, &sampler{begin: profiler.Verdict{Trace: true, ID: id,
		Told: profiler.Told{By: "probability", Rate: 0.25, Route: `GET /"x"`, Budget: 0.5}}})
	in := s.Receive(t.Context(), atServer, profilertest.Headers{})
	ctx, p := in.Open(t.Context(), profiler.Opening{Name: "first"})
	_, q := profiler.Start(ctx, "second")
	q.Stop()
	p.Stop()
	first, second := rec.One(t, "first"), rec.One(t, "second")
	if first.Trace != id || first.Parent != id {
		t.Errorf("%+v is not the first point of %s", first, id)
	}
	sonde, _ := first.Start["sonde"].(map[string]any)
	told, _ := sonde["sampled"].(map[string]any)
	if told["by"] != "probability" || told["rate"] != 0.25 || told["route"] != `GET /"x"` || told["budget"] != 0.5 {
		t.Errorf("the first record says %v", first.Start)
	}
	if second.Start["sonde"] != nil {
		t.Errorf("the second point says it too: %v", second.Start)
	}
}

// TestPassedOn: what a request sends whose trace is not recorded here carries its
// headers, whatever else arrives within it; what does not belong to it carries none.
func TestPassedOn(t *testing.T) {
	asked := &sampler{begin: profiler.Verdict{Trace: true}}
	s, rec := sampling(t, asked)
	h := signed(header.NewSampledID(0.5))
	in := s.Receive(t.Context(), atServer, h)
	ctx, p := in.Open(t.Context(), profiler.Opening{Name: "x"})
	inner, q := profiler.Start(ctx, "y")
	if p.Active() || q.Active() || profiler.Active(inner) || !profiler.Carries(inner) || !profiler.BaseID(inner).IsZero() {
		t.Error("it is recorded")
	}
	sent := profilertest.Headers{}
	if !profiler.Inject(inner, sent) || header.Read(sent) != header.Read(h) {
		t.Errorf("sent with %v, want %v", sent, h)
	}
	again := s.Receive(ctx, atServer, h)
	deeper := again.Pass(ctx)
	without := s.Receive(ctx, profiler.Arrival{Layer: "nats", Kind: layer.Consumer}, profilertest.Headers{})
	if again.Traced() || without.Traced() || asked.begun != 0 || asked.joins != 1 || s.Stats().Thinned != 1 {
		t.Errorf("the same request once more: %v, %v, asked %+v", again.Traced(), without.Traced(), asked)
	}
	if signed, ok := profiler.Sign(deeper); !ok || signed != header.Read(h) {
		t.Error("within it, the headers are lost")
	}
	if profiler.Carries(profiler.Detach(ctx)) || profiler.Inject(profiler.Detach(ctx), sent) || len(sent) != 0 {
		t.Error("a detached context passes headers on")
	}
	own, r := s.Begin(ctx, profiler.Opening{Name: "own"})
	if other, ok := profiler.Sign(own); !ok || other == header.Read(h) {
		t.Error("a trace that begins within it sends headers of the other")
	}
	r.Stop()
	if got := rec.Points(t); len(got) != 1 {
		t.Errorf("recorded %+v", got)
	}
}

// TestThinnedOnlyAsAWhole: an asked trace is recorded without asking, and so is what
// belongs to a trace of which something is recorded already.
func TestThinnedOnlyAsAWhole(t *testing.T) {
	asked := &sampler{}
	s, _ := sampling(t, asked)
	traced := func(h profilertest.Headers) bool {
		in := s.Receive(t.Context(), atServer, h)
		_, p := in.Open(t.Context(), profiler.Opening{Name: "x"})
		defer p.Stop()
		return p.Active()
	}
	if !traced(signed(header.NewID())) || asked.joins != 0 {
		t.Error("a trace that somebody has asked for is not recorded, or the sampler asked")
	}
	id := header.NewSampledID(0.5)
	asked.join.Trace = true
	if !traced(signed(id)) {
		t.Error("not joined")
	}
	asked.join.Trace = false
	if !traced(signed(id)) || traced(signed(header.NewSampledID(0.5))) {
		t.Error("a part of a trace is thinned out, or a whole one is not")
	}
	asked.panics, asked.join.Trace = true, true
	if traced(signed(header.NewSampledID(0.5))) || s.Stats().Panics != 1 {
		t.Error("a sampler that panics does not say no")
	}
	mustClose(t, s)
	if !*asked.detached {
		t.Error("Close does not let the sampler go")
	}
}

func TestAllocThinned(t *testing.T) {
	if race.Enabled {
		t.Skip("counts allocations; runs without -race too")
	}
	s, _ := sampling(t, &sampler{})
	h, ctx := signed(header.NewSampledID(0.5)), context.Background()
	if n := race.Allocs(200, func() { s.Receive(ctx, atServer, h) }); n >= 1 {
		t.Errorf("a request that is thinned out: %v allocations", n)
	}
	none := profilertest.Headers{}
	if n := race.Allocs(200, func() { s.Receive(ctx, atServer, none) }); n >= 1 {
		t.Errorf("a request that is not kept: %v allocations", n)
	}
}
