package profilertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Headers is a carrier that is a map.
type Headers map[string]string

// Get implements [header.Carrier].
func (h Headers) Get(name string) string { return h[name] }

// Set implements [header.Carrier].
func (h Headers) Set(name, value string) { h[name] = value }

// Receiver is a layer that receives requests or messages.
type Receiver struct {
	Layer string     // what its admission hook is told
	Kind  layer.Kind // layer.Server or layer.Consumer
	// Receive has the layer receive one request with these headers in ctx, and
	// calls inside with the context that the request is served in.
	Receive func(t *testing.T, ctx context.Context, svc *profiler.Service, h Headers, inside func(context.Context))
}

// What becomes of a request.
const (
	untraced = "untraced"
	joined   = "joined" // below the point that the headers name
	below    = "below"  // below the point in the context
	begun    = "begun"  // as a new trace
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

// Test runs the receiver through every way in which a request can arrive. All
// layers give the same answers.
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
					t.Errorf("the hook is told %+v", a)
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
			t.Errorf("served at %v, want the context as it came, at %v", now, outside)
		case want != untraced && now == outside:
			t.Error("served outside of the layer's point")
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
		t.Errorf("served %d times", served)
	}
	if want == untraced {
		if len(got) != 0 {
			t.Errorf("traced: %+v", got)
		}
	} else if len(got) != 1 || !got[0].Stopped {
		t.Fatalf("points %+v, want one that has ended", got)
	} else if p := got[0]; !map[string]bool{
		joined: p.Base == trace.BaseID && p.Parent == trace.ParentID,
		below:  p.Base == outside.BaseID && p.Parent == around.ID(),
		begun:  p.Base == p.Parent && p.Base != outside.BaseID && p.Base != trace.BaseID,
	}[want] {
		t.Errorf("not %s: %+v", want, p)
	}
	if mayAsk := service == "enabled" && headers == "none" && in == "none" && hook != "none"; (asked > 0) != mayAsk || asked > 1 {
		t.Errorf("the hook was asked %d times", asked)
	}
	if n := svc.Stats().Refused[header.ErrUnknownKey]; (n == 1) != (service == "enabled" && headers == "forged") {
		t.Errorf("%d requests are counted as forged", n)
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
		t.Errorf("served %d times, points %+v, want one", served, got)
	}
}
