package profilertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Headers is a [header.Carrier] that is a map. Names are compared as they are:
// they are [header.InfoName] and [header.HMACName]. It is not safe for concurrent
// use.
type Headers map[string]string

// Get implements [header.Carrier].
func (h Headers) Get(name string) string { return h[name] }

// Set implements [header.Carrier].
func (h Headers) Set(name, value string) { h[name] = value }

// Receiver is a layer that receives requests or messages: a server, or a
// consumer. All fields are required.
type Receiver struct {
	// Layer is the name that the layer gives to [profiler.Service.Receive], in
	// [profiler.Arrival].
	Layer string
	// Kind is layer.Server or layer.Consumer, also as in the Arrival.
	Kind layer.Kind
	// Receive has the layer receive one request that carries h, in ctx, for svc,
	// which may be nil. It has the layer call inside once, with the context that
	// the request is served in, and returns when the layer has ended its point.
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
)

// arrivals are all ways in which a request can arrive, and the one thing that
// becomes of it. A field that is empty stands for every value; the first row
// that fits counts.
var arrivals = []struct{ service, headers, context, hook, kind, want string }{
	{service: "nil", want: untraced},
	{service: "disabled", want: untraced},
	{headers: "forged", want: untraced},
	{headers: "signed", context: "outer layer", want: below}, // they are the headers of that layer
	{headers: "signed", want: joined},
	{headers: "of another trace", want: joined},
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
// subtests: the Service nil, disabled or enabled; headers none, signed, forged,
// or signed by another trace; in ctx no trace, that of an outer layer of the same
// request, or one that the program has begun; no admission hook, or one that says
// yes or no. There is one right answer to each, the same for all layers, as
// [profiler.Service.Receive] has it: the request is untraced and served in the
// context as it came, or it is one point that has ended, with the right parent.
// Last, the layer receives a request inside the same request, as a layer that is
// installed twice does, and must record it once.
//
// For each request that is traced the layer must open exactly one point, which is
// not called "around", and nothing may be recorded after Receive has returned.
func (r Receiver) Test(t *testing.T) {
	for _, service := range []string{"nil", "disabled", "enabled"} {
		for _, headers := range []string{"none", "signed", "forged", "of another trace"} {
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
}

func (r Receiver) arrive(t *testing.T, service, headers, in, hook, want string) {
	asked := 0
	svc, rec := New(t, "svc", func(c *profiler.Config) {
		if hook != "none" {
			c.Admit = func(_ context.Context, a profiler.Arrival) bool {
				if asked++; a.Layer != r.Layer || a.Kind != r.Kind {
					t.Errorf("the admission hook is told of %+v, want layer %q and kind %v", a, r.Layer, r.Kind)
				}
				return hook == "yes"
			}
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
	}
	served := 0
	r.Receive(t, ctx, receiving, h, func(inside context.Context) {
		served++
		now, _ := profiler.Current(inside)
		switch {
		case want == untraced && now != outside:
			t.Errorf("the request is served in the context of %+v, want that of %+v, as it came", now, outside)
		case want != untraced && now == outside:
			t.Error("the request is served in the context as it came, want that of the layer's point")
		}
	})
	around.Stop()

	got := rec.Points(t)
	for i := range got {
		if got[i].Name == "around" {
			got = append(got[:i], got[i+1:]...)
			break
		}
	}
	if served != 1 {
		t.Errorf("the request is served %d times, want once", served)
	}
	if want == untraced {
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
	if n := svc.Stats().Refused[header.ErrUnknownKey]; (n == 1) != (service == "enabled" && headers == "forged") {
		t.Errorf("%d requests are counted as forged; were they given to Service.Receive?", n)
	}
}

// again has the layer receive a request inside of the same request, as a layer
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
