package profilertest

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Headers is a map that is a [header.Carrier]. Its keys are [header.InfoName],
// [header.HMACName] and [header.TraceParentName], compared exactly. Several values of one header are separated
// by commas; see [Headers.All]. It is not safe for concurrent use.
type Headers map[string]string

// Get implements [header.Carrier].
func (h Headers) Get(name string) string { return h[name] }

// Set implements [header.Carrier].
func (h Headers) Set(name, value string) { h[name] = value }

// Del implements [header.Deleter].
func (h Headers) Del(name string) { delete(h, name) }

// All yields each name with each of its values, to pass them to a layer whose
// headers may have several.
func (h Headers) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for name, values := range h {
			for value := range strings.SplitSeq(values, ",") {
				if !yield(name, value) {
					return
				}
			}
		}
	}
}

// Receiver is a layer that receives requests or messages: a server, or a
// consumer. All fields are required.
type Receiver struct {
	// Layer is the name that the layer passes to [profiler.Service.Receive] in
	// [profiler.Arrival].
	Layer string
	// Kind is layer.Server or layer.Consumer, also as in the Arrival.
	Kind layer.Kind
	// Receive makes the layer receive one request that carries h, in ctx, for svc,
	// which may be nil. The layer must call inside once, with the context that the
	// request is served in. Receive returns when the layer has ended its point.
	// inside may call Receive again.
	//
	//	func(t *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
	//		toy.Handle(ctx, svc, &toy.Message{Header: h}, inside)
	//	}
	Receive func(t *testing.T, ctx context.Context, svc *profiler.Service, h Headers, inside func(context.Context))
}

// What becomes of a request.
const (
	untraced = "untraced"
	joined   = "below the point that the headers name"
	below    = "below the point in the context"
	begun    = "the first of a new trace"
	passed   = "untraced, and its headers are passed on as they came"
)

// arrivals are all ways in which a request can arrive, and the one thing that
// becomes of it. A field that is empty stands for every value; the first row
// that fits counts.
var arrivals = []struct{ service, headers, context, hook, kind, want string }{
	{service: "nil", want: untraced},
	{service: "disabled", want: untraced},
	{service: "off", want: untraced},
	{headers: "forged", want: untraced},
	{headers: "with two infos", want: untraced}, // as good as forged
	{headers: "with two signatures", want: untraced},
	{headers: "of a full trace", want: untraced},             // over a limit
	{headers: "signed", context: "outer layer", want: below}, // they are the headers of that layer
	{headers: "signed", want: joined},
	{headers: "of another trace", want: joined},
	{headers: "drawn and kept here", want: joined},
	{headers: "drawn and thinned out here", want: passed},
	{headers: "none", context: "outer layer", want: below},
	{headers: "none", context: "own trace", kind: "server", want: untraced},
	{headers: "none", context: "own trace", kind: "consumer", want: below},
	{headers: "none", context: "none", hook: "yes", want: begun},
	{headers: "none", context: "none", want: untraced},
}

func expected(service, headers, ctx, hook, kind string) string {
	fits := func(pattern, value string) bool { return pattern == "" || pattern == value }
	for _, a := range arrivals {
		if fits(a.service, service) && fits(a.headers, headers) && fits(a.context, ctx) && fits(a.hook, hook) && fits(a.kind, kind) {
			return a.want
		}
	}
	return "no row"
}

// Test runs the layer through every way in which a request can arrive, as
// subtests: the Service is nil, disabled, off or enabled; the headers are missing,
// signed, forged, doubled, those of another trace, of a trace over its limits, or of
// one that sampling has drawn and keeps here or not; ctx carries no trace, that of an outer layer of the same request, or one
// that the program has begun; there is no admission hook, or one that says yes or
// no. Each case has one right answer, the same for all layers, as documented at
// [profiler.Service.Receive]: the request is untraced and served in the context as
// it came, or in one that passes its headers on, or it is one point that has ended,
// with the right parent. Finally, the
// layer receives a request inside the same request, as a layer that is installed
// twice does, and must record it once; and one that carries a traceparent, to which
// its point has a link.
//
// For each traced request the layer must open exactly one point, which must not be
// called "around" or "earlier", and record nothing after Receive has returned.
func (r Receiver) Test(t *testing.T) {
	for _, service := range []string{"nil", "disabled", "off", "enabled"} {
		for _, headers := range []string{"none", "signed", "forged", "with two infos", "with two signatures", "of another trace", "of a full trace", "drawn and kept here", "drawn and thinned out here"} {
			for _, ctx := range []string{"none", "outer layer", "own trace"} {
				for _, hook := range []string{"none", "yes", "no"} {
					name := fmt.Sprintf("service %s/headers %s/context %s/hook %s", service, headers, ctx, hook)
					t.Run(name, func(t *testing.T) {
						r.arrive(t, service, headers, ctx, hook, expected(service, headers, ctx, hook, r.Kind.String()))
					})
				}
			}
		}
	}
	t.Run("the same headers again", r.again)
	t.Run("with a traceparent", r.linked)
}

// linked has the layer receive requests that run in a trace of OpenTelemetry's.
func (r Receiver) linked(t *testing.T) {
	const span = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	keys, _ := header.ParseKeys("key")
	trace, _ := header.FromUUID([16]byte{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36})
	for name, c := range map[string]struct {
		base header.ID
		link any
	}{
		"of another trace": {header.NewID(), span},
		"of the same":      {trace, nil},
	} {
		svc, rec := New(t, "svc")
		h := Headers{header.TraceParentName: span}
		keys.Primary().Sign(header.Info{BaseID: c.base}).Write(h)
		r.Receive(t, context.Background(), svc, h, func(context.Context) {})
		for _, p := range rec.Points(t) {
			if about, _ := p.Start["sonde"].(map[string]any); about["traceparent"] != c.link {
				t.Errorf("a request with the traceparent %s: info.sonde is %v, want the traceparent %v; can Get be asked for it?", name, about, c.link)
			}
		}
	}
}

func (r Receiver) arrive(t *testing.T, service, headers, in, hook, want string) {
	asked := 0
	svc, rec := New(t, "svc", func(c *profiler.Config) {
		if hook != "none" {
			c.Sampler = profiler.Admit(func(_ context.Context, a profiler.Arrival) bool {
				if asked++; a.Layer != r.Layer || a.Kind != r.Kind {
					t.Errorf("the admission hook is told of %+v, want layer %q and kind %v", a, r.Layer, r.Kind)
				}
				return hook == "yes"
			})
		}
		switch headers {
		case "drawn and kept here":
			c.Sampler = joins(true)
		case "drawn and thinned out here":
			c.Sampler = joins(false)
		}
		if headers == "of a full trace" {
			c.Limits.TracePoints = 1
		}
	})
	keys, _ := header.ParseKeys("key")
	forger, _ := header.ParseKeys("another key")
	trace := header.Info{BaseID: header.NewID(), ParentID: header.NewID()}
	other := header.Info{BaseID: header.NewID(), ParentID: header.NewID()}
	h := Headers{}
	switch headers {
	case "signed":
		keys.Primary().Sign(trace).Write(h)
	case "forged":
		forger.Primary().Sign(trace).Write(h)
	case "of another trace":
		trace = other
		keys.Primary().Sign(trace).Write(h)
	case "drawn and kept here", "drawn and thinned out here":
		trace.BaseID = header.NewSampledID(0.5)
		keys.Primary().Sign(trace).Write(h)
	case "with two infos":
		keys.Primary().Sign(trace).Write(h)
		h[header.InfoName] += "," + h[header.InfoName]
	case "with two signatures":
		keys.Primary().Sign(trace).Write(h)
		h[header.HMACName] += "," + h[header.HMACName]
	case "of a full trace":
		keys.Primary().Sign(trace).Write(h)
		first := svc.Receive(context.Background(), profiler.Arrival{Layer: r.Layer, Kind: r.Kind}, maps.Clone(h))
		_, p := first.Open(context.Background(), profiler.Opening{Name: "earlier"})
		p.Stop()
	}

	ctx := context.Background()
	var around profiler.Point
	switch in {
	case "outer layer":
		outer := Headers{}
		if headers == "signed" {
			outer = h
		} else {
			keys.Primary().Sign(header.Info{BaseID: header.NewID(), ParentID: header.NewID()}).Write(outer)
		}
		arrived := svc.Receive(ctx, profiler.Arrival{Layer: "outer", Kind: layer.Server}, outer)
		ctx, around = arrived.Open(ctx, profiler.Opening{Name: "around"})
	case "own trace":
		ctx, around = svc.Begin(ctx, profiler.Opening{Name: "around"})
	}
	outside, _ := profiler.Current(ctx)

	receiving := svc
	switch service {
	case "nil":
		receiving = nil
	case "disabled":
		receiving, _ = profiler.New(profiler.Config{Disabled: true})
	case "off":
		svc.SetEnabled(false)
	}
	served, sentWith := 0, maps.Clone(h)
	r.Receive(t, ctx, receiving, h, func(inside context.Context) {
		served++
		now, _ := profiler.Current(inside)
		sent, _ := profiler.Sign(inside)
		switch {
		case want == passed:
			if came := header.Read(sentWith); profiler.Active(inside) || sent != came {
				t.Errorf("what the request sends carries %+v, want the headers that it came with: %+v", sent, came)
			}
		case want == untraced && now != outside:
			t.Errorf("the request is served in the context of %+v, want that of %+v, as it came", now, outside)
		case want != untraced && now == outside:
			t.Error("the request is served in the context as it came, want that of the layer's point")
		}
	})
	around.Stop()

	got := slices.DeleteFunc(rec.Points(t), func(p Point) bool {
		return p.Name == "around" || p.Name == "earlier" || p.Name == "sonde_refused"
	})
	if served != 1 {
		t.Errorf("the request is served %d times, want once", served)
	}
	if want == untraced || want == passed {
		if len(got) != 0 {
			t.Errorf("the request is traced, want no point: %+v", got)
		}
	} else if len(got) != 1 || !got[0].Stopped {
		t.Fatalf("the points are %+v, want one that has ended", got)
	} else if p := got[0]; !map[string]bool{
		joined: p.Trace == trace.BaseID && p.Parent == trace.ParentID,
		below:  p.Trace == outside.BaseID && p.Parent == around.ID(),
		begun:  p.Trace == p.Parent && p.Trace != outside.BaseID && p.Trace != trace.BaseID,
	}[want] {
		t.Errorf("the point is not %s: %+v", want, p)
	}
	if mayAsk := service == "enabled" && headers == "none" && in == "none" && hook != "none"; (asked > 0) != mayAsk || asked > 1 {
		t.Errorf("the admission hook was asked %d times; it is asked once if there are neither headers nor a trace in ctx, else never", asked)
	}
	forged := headers == "forged" || headers == "with two infos" || headers == "with two signatures"
	if n := svc.Stats().Refused[header.ErrUnknownKey]; (n == 1) != (service == "enabled" && forged) {
		t.Errorf("%d requests are counted as forged; were they given to Service.Receive, with all values of their headers?", n)
	}
	if n := svc.Stats().Thinned; (n == 1) != (want == passed) {
		t.Errorf("%d requests are counted as thinned out; was it given to Service.Receive once?", n)
	}
	if n := svc.Stats().Refused[header.ErrTraceFull]; (n == 1) != (service == "enabled" && headers == "of a full trace") {
		t.Errorf("%d requests are counted as over a limit; were they given to Service.Receive?", n)
	}
}

// joins is a sampler that begins no trace, and joins all or none.
type joins bool

func (joins) Begin(context.Context, profiler.Arrival) profiler.Verdict { return profiler.Verdict{} }

func (j joins) Join(context.Context, profiler.Arrival, header.Sample) profiler.Verdict {
	return profiler.Verdict{Trace: bool(j)}
}

// again has the layer receive a request inside the same request, as a layer
// that is installed twice does.
func (r Receiver) again(t *testing.T) {
	svc, rec := New(t, "svc")
	keys, _ := header.ParseKeys("key")
	h := Headers{}
	keys.Primary().Sign(header.Info{BaseID: header.NewID()}).Write(h)
	served := 0
	r.Receive(t, context.Background(), svc, h, func(ctx context.Context) {
		r.Receive(t, ctx, svc, h, func(context.Context) { served++ })
	})
	if got := rec.Points(t); len(got) != 1 || served != 1 {
		t.Errorf("a request received inside itself is served %d times, with points %+v; want once, with one point", served, got)
	}
}
