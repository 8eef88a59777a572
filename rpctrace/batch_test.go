package rpctrace_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace"
)

// message is one that was sent in a new trace.
func message(t *testing.T, svc *profiler.Service) header.Carrier {
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "producer"})
	defer p.Stop()
	c := carrier{}
	if !profiler.Inject(ctx, c) {
		t.Fatal("nothing injected")
	}
	return c
}

func link(t *testing.T, p profilertest.Point, i int) (base, id any) {
	t.Helper()
	l := p.Start["links"].([]any)[i].(map[string]any)
	return l["base_id"], l["trace_id"]
}

func TestBatchFansIn(t *testing.T) {
	shop, sent := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")
	a, b := message(t, shop), message(t, shop)
	forged := carrier{"X-Trace-Info": "e30=", "X-Trace-HMAC": "0123456789012345678901234567890123456789"}
	from := sent.Named(t, "producer")

	ctx, batch := rpctrace.ConsumeBatch(context.Background(), stock,
		[]header.Carrier{a, carrier{}, b, a, forged}, processing, "t", slog.Int("bytes", 9))
	_, inside := profiler.Start(ctx, "inside")
	inside.Stop()
	batch.Fail(errors.New("boom"))
	batch.Stop()

	got := received.Named(t, "bus_process")
	if len(got) != 2 || !batch.Active() {
		t.Fatalf("%+v", got)
	}
	for i := range got {
		if got[i].Trace != from[i].Trace || got[i].Parent != from[i].ID || got[i].Stop["message"] != "boom" {
			t.Errorf("point %d: %+v of %+v", i, got[i], from[i])
		}
		bus := got[i].Start["bus"].(map[string]any)
		if bus["messages"] != 5.0 || bus["bytes"] != 9.0 {
			t.Errorf("point %d tells %v", i, bus)
		}
	}
	if received.One(t, "inside").Parent != got[0].ID {
		t.Error("what is inside does not hang below the first point")
	}
	for i := range from {
		if base, id := link(t, got[0], i); base != from[i].Trace.String() || id != from[i].ID.String() {
			t.Errorf("link %d is %v %v", i, base, id)
		}
	}
	if base, id := link(t, got[1], 0); base != got[0].Trace.String() || id != got[0].ID.String() {
		t.Errorf("the second links to %v %v", base, id)
	}
}

// TestBatchOfOneProducer: one producer, alone or among messages without one,
// however many it has sent, is the parent and has the one link.
func TestBatchOfOneProducer(t *testing.T) {
	shop, sent := profilertest.New(t, "shop")
	m := message(t, shop)
	from := sent.One(t, "producer")
	for name, messages := range map[string][]header.Carrier{
		"alone":           {m},
		"twice":           {m, m},
		"among untraced":  {carrier{}, m, carrier{}},
		"last":            {carrier{}, m},
		"beside a forged": {carrier{"X-Trace-Info": "e30=", "X-Trace-HMAC": "0123456789012345678901234567890123456789"}, m},
	} {
		t.Run(name, func(t *testing.T) {
			stock, received := profilertest.New(t, "stock", func(c *profiler.Config) {
				c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool {
					t.Error("the hook is asked about a batch that has a producer")
					return true
				})
			})
			ctx, batch := rpctrace.ConsumeBatch(context.Background(), stock, messages, processing, "t")
			if !batch.Active() || !profiler.Active(ctx) {
				t.Fatal("not traced")
			}
			batch.Stop()
			p := received.One(t, "bus_process")
			if p.Trace != from.Trace || p.Parent != from.ID || !p.Stopped {
				t.Errorf("%+v is not below %+v", p, from)
			}
			links, _ := p.Start["links"].([]any)
			if len(links) != 1 || p.Start["links_left_out"] != nil {
				t.Fatalf("%v", p.Start)
			}
			if base, id := link(t, p, 0); base != from.Trace.String() || id != from.ID.String() {
				t.Errorf("linked to %v %v", base, id)
			}
			if bus := p.Start["bus"].(map[string]any); bus["messages"] != float64(len(messages)) {
				t.Errorf("%v", bus)
			}
		})
	}
}

func TestBatchInATracedContext(t *testing.T) {
	shop, _ := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")
	ctx, root := stock.Begin(context.Background(), profiler.Opening{Name: "root"})
	_, batch := rpctrace.ConsumeBatch(ctx, stock, []header.Carrier{message(t, shop)}, processing, "t")
	batch.Stop()
	_, batch = rpctrace.ConsumeBatch(ctx, stock, nil, processing, "t")
	batch.Stop()
	root.Stop()
	got := received.Named(t, "bus_process")
	if len(got) != 3 || got[0].Parent != root.ID() || got[1].Trace == got[0].Trace || got[2].Start["links"] != nil {
		t.Fatalf("%+v", got)
	}
}

func TestBatchOfManyProducers(t *testing.T) {
	shop, _ := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")
	all := make([]header.Carrier, 70)
	for i := range all {
		all[i] = message(t, shop)
	}
	_, batch := rpctrace.ConsumeBatch(context.Background(), stock, append(all, all...), processing, "t")
	batch.Stop()
	got := received.Named(t, "bus_process")
	if len(got) != 64 || len(got[0].Start["links"].([]any)) != 64 || got[0].Start["links_left_out"] != 6.0 {
		t.Errorf("%d points, the first %+v", len(got), got[0])
	}
}

func TestBatchUntraced(t *testing.T) {
	asked := 0
	svc, rec := profilertest.New(t, "svc", func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(_ context.Context, r profiler.Arrival) bool {
			asked++
			return r == profiler.Arrival{Layer: "bus", Kind: layer.Consumer, Path: "yes"}
		})
	})
	ctx, two := context.Background(), []header.Carrier{carrier{}, carrier{}}
	got, batch := rpctrace.ConsumeBatch(ctx, svc, two, processing, "no")
	if got != ctx || batch.Active() {
		t.Error("traced")
	}
	batch.Stop()
	_, batch = rpctrace.ConsumeBatch(ctx, svc, two, processing, "yes")
	batch.Stop()
	if p := rec.One(t, "bus_process"); !p.Stopped || asked != 2 {
		t.Errorf("%+v, asked %d times", p, asked)
	}
}
