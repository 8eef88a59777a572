package profilertest_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// A test of code that opens points.
func Example() {
	charge := func(ctx context.Context, cents int) error {
		return profiler.Trace(ctx, "charge", func(context.Context) error {
			return errors.New("the card has expired")
		}, slog.Int("cents", cents))
	}

	// In a _test.go file: func TestCharge(t *testing.T) { … }
	_ = func(t *testing.T) {
		svc, rec := profilertest.New(t, "shop")
		ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
		_ = charge(ctx, 1250)
		root.Stop()

		p := rec.One(t, "charge")
		if p.Start["cents"] != 1250.0 || p.Stop["message"] != "the card has expired" {
			t.Errorf("the point is %+v", p)
		}
	}
}

// The test that every layer of Sonde runs, for a layer called "toy" whose
// messages carry their headers as a map.
func ExampleReceiver() {
	handle := func(ctx context.Context, svc *profiler.Service, headers profilertest.Headers, handler func(context.Context)) {
		in := svc.Receive(ctx, profiler.Arrival{Layer: "toy", Kind: layer.Consumer}, headers)
		ctx, p := in.Open(ctx, profiler.Opening{Name: "toy_process"})
		defer p.Stop()
		handler(ctx)
	}

	// In a _test.go file: func TestArrivals(t *testing.T) { … }
	_ = func(t *testing.T) {
		profilertest.Receiver{
			Layer: "toy", Kind: layer.Consumer,
			Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
				handle(ctx, svc, h, inside)
			},
		}.Test(t)
	}
}
