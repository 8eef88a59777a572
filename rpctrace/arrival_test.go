package rpctrace_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace"
)

func TestArrivals(t *testing.T) {
	profilertest.Receiver{
		Layer: "bus", Kind: layer.Consumer,
		Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			_ = rpctrace.Process(ctx, svc, h, processing, "t", func(ctx context.Context) error {
				inside(ctx)
				return nil
			})
		},
	}.Test(t)
}

func TestSends(t *testing.T) {
	profilertest.Sender{
		Send: func(_ *testing.T, ctx context.Context, h profilertest.Headers) (sent profilertest.Headers) {
			_ = rpctrace.Produce(ctx, h, publishing, func(context.Context) error {
				sent = h
				return nil
			})
			return sent
		},
	}.Test(t)
}

// TestBatchOfForged: messages with forged headers are as good as not there,
// whatever context and hook say, and so is a batch that was received already.
func TestBatchOfForged(t *testing.T) {
	asked := 0
	svc, rec := profilertest.New(t, "svc", func(c *profiler.Config) {
		c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool { asked++; return true })
	})
	forged := profilertest.Headers{header.InfoName: "e30=", header.HMACName: strings.Repeat("0", 40)}
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	for _, ctx := range []context.Context{context.Background(), ctx} {
		if _, b := rpctrace.ConsumeBatch(ctx, svc, []header.Carrier{forged, forged}, processing, "t"); b.Active() {
			t.Error("traced")
		}
	}
	if asked > 0 {
		t.Errorf("the hook was asked %d times", asked)
	}
	one := []header.Carrier{message(t, svc)}
	ctx, b := rpctrace.ConsumeBatch(context.Background(), svc, one, processing, "t")
	if _, again := rpctrace.ConsumeBatch(ctx, svc, one, processing, "t"); again.Active() {
		t.Error("traced twice")
	}
	b.Stop()
	if _, b := rpctrace.ConsumeBatch(context.Background(), nil, one, processing, "t"); b.Active() {
		t.Error("traced by nobody")
	}
	rec.One(t, "bus_process")
}
