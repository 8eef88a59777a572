package sondenats_test

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace/nats"
)

func TestArrivals(t *testing.T) {
	profilertest.Receiver{
		Layer: "nats", Kind: layer.Consumer,
		Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			m := nats.NewMsg("orders.new")
			for name, value := range h {
				m.Header.Set(name, value)
			}
			ctx, p := sondenats.Process(ctx, svc, m)
			defer p.Stop()
			inside(ctx)
		},
	}.Test(t)
}
