package profilertest

import (
	"context"
	"maps"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Sender is a layer that sends requests or messages: a client, or a producer.
type Sender struct {
	// Send makes the layer send one request or message in ctx, and returns the trace
	// headers with which it was sent, and traceparent. Before that, it carries h, like
	// one that was received and is forwarded. Required.
	Send func(t *testing.T, ctx context.Context, h Headers) Headers
	// Stranger says that the receiver must not be sent trace headers.
	Stranger bool
	// Keeps says that, outside any trace, a request to an allowed receiver keeps the
	// headers that it carries.
	Keeps bool
}

// Test makes the layer send from a context without a trace, from one with a trace,
// from one whose trace has no key to sign with, and from that of a request whose trace
// is passed on; with and without headers of another trace. A stranger must get no
// headers, and anybody else only those of the trace in the context. Where
// Config.TraceParent asks for it, a traceparent goes with them, unless the request
// carries one of another trace.
func (s Sender) Test(t *testing.T) {
	svc, _ := New(t, "svc")
	keyless, _ := New(t, "keyless", func(c *profiler.Config) { c.Keys = nil })
	begin := func(svc *profiler.Service) context.Context {
		ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "around"})
		t.Cleanup(func() { p.Stop() })
		return ctx
	}
	keys, _ := header.ParseKeys("key")
	carried := Headers{}
	keys.Primary().Sign(header.Info{BaseID: header.NewID()}).Write(carried)
	thinning, _ := New(t, "thinning", func(c *profiler.Config) { c.Sampler = joins(false) })
	came := Headers{}
	keys.Primary().Sign(header.Info{BaseID: header.NewSampledID(0.5)}).Write(came)
	passes := thinning.Receive(context.Background(), profiler.Arrival{Layer: "outer", Kind: layer.Server}, maps.Clone(came))
	for in, ctx := range map[string]context.Context{
		"none": context.Background(), "a trace": begin(svc), "a trace without a key": begin(keyless),
		"a trace that is passed on": passes.Pass(context.Background()),
	} {
		for headers, h := range map[string]Headers{"none": {}, "of another trace": carried} {
			t.Run("context "+in+"/headers "+headers, func(t *testing.T) {
				got := header.Read(s.Send(t, ctx, maps.Clone(h)))
				switch {
				case in == "a trace" && !s.Stranger:
					if info, _, err := keys.Verify(got); err != nil || info.BaseID != profiler.BaseID(ctx) {
						t.Errorf("sent with %+v, %v; want the signed headers of the trace in the context, each once", got, err)
					}
				case in == "a trace that is passed on" && !s.Stranger:
					if got != header.Read(came) {
						t.Errorf("sent with %+v, want the headers that the request came with: %+v", got, came)
					}
				case in == "none" && s.Keeps && !s.Stranger:
					if got != header.Read(h) {
						t.Errorf("sent with %+v, want the headers that it carried: %v", got, h)
					}
				case got != header.Signed{}:
					t.Errorf("sent with %+v, want no headers of a trace", got)
				}
			})
		}
	}
	t.Run("traceparent", s.traceParents)
}

// traceParents has the layer send with a traceparent, where that is asked for.
func (s Sender) traceParents(t *testing.T) {
	const foreign = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, asked := range []bool{false, true} {
		svc, _ := New(t, "svc", func(c *profiler.Config) { c.TraceParent = asked })
		ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "around"})
		ours, _ := profiler.Sign(ctx)
		for carried, replaced := range map[string]bool{"": true, ours.TraceParent: true, foreign: false} {
			h := Headers{}
			if carried != "" {
				h[header.TraceParentName] = carried
			}
			sent := s.Send(t, ctx, h)[header.TraceParentName]
			if !asked || !replaced || s.Stranger {
				if sent != carried {
					t.Errorf("a request that carries traceparent %q is sent with %q, want it as it is", carried, sent)
				}
				continue
			}
			got, ok := header.ParseTraceParent(sent)
			if want, _ := header.ParseTraceParent(ours.TraceParent); !ok || got.Trace != want.Trace || got.Flags != 1 {
				t.Errorf("a request that carries traceparent %q is sent with %q, want one of the trace %x", carried, sent, want.Trace)
			}
		}
		p.Stop()
	}
}
