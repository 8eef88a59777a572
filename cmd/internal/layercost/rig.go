package main

import (
	"context"
	"io"
	"math"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// rig is a service, a trace of it that is open, and the headers of another one.
type rig struct {
	svc        *profiler.Service
	traced     context.Context
	signed     header.Signed
	provider   trace.TracerProvider
	propagator propagation.TextMapPropagator
	opened     []io.Closer // clients
}

// close closes the clients and the service.
func (r *rig) close() {
	for _, c := range r.opened {
		check(c.Close())
	}
	check(r.svc.Close(context.Background()))
}

// call is one call, within a trace or without one.
type call func(traced bool)

// row is one kind of call without instrumentation, with Sonde's layer, bridged, and with
// OpenTelemetry's own provider that does nothing. native and bridged are nil where
// there is none.
type row struct {
	name                       string
	bare, native, bridged, own call
}

// encode is a sink that encodes each record as it would be stored.
type encode struct{ buf []byte }

func (e *encode) Notify(_ context.Context, events []record.Event) error {
	e.buf = e.buf[:0]
	for i := range events {
		e.buf = append(events[i].AppendJSON(e.buf), '\n')
	}
	return nil
}

func newRig() *rig {
	keys := must(header.ParseKeys("the key of the measurements"))
	svc := must(profiler.New(profiler.Config{
		Name: "shop", Host: "host-a", Keys: keys, Sink: &encode{},
		// The same headers arrive over and over.
		Limits: profiler.LimitConfig{Arrivals: math.MaxInt, TracePoints: math.MaxInt, TraceBytes: math.MaxInt},
	}))
	ctx, _ := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	return &rig{
		svc: svc, traced: ctx, signed: keys.Primary().Sign(header.Info{BaseID: header.NewID(), ParentID: header.NewID()}),
		provider: oteltrace.NewTracerProvider(), propagator: oteltrace.NewPropagator(svc),
	}
}

func (r *rig) ctx(traced bool) context.Context {
	if traced {
		return r.traced
	}
	return context.Background()
}

// round makes many calls, and waits for what they have recorded to be written.
func (r *rig) round(c call, traced bool) func() {
	if c == nil {
		return nil
	}
	return func() {
		for range calls {
			c(traced)
		}
		if traced {
			check(r.svc.Flush(context.Background()))
		}
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
