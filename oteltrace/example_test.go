package oteltrace_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Println(events[i].RecordName())
	}
	return nil
}

func ExampleNewTracerProvider() {
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "shop", Keys: keys, Sink: printer{}})
	// Give it to a library, or to otel.SetTracerProvider for all of them.
	library := oteltrace.NewTracerProvider().Tracer("example.com/library")

	ctx, request := svc.Begin(context.Background(), profiler.Opening{Name: "http"})
	_, span := library.Start(ctx, "resize")
	span.End()
	request.Stop()

	_, span = library.Start(context.Background(), "untraced")
	span.End()
	_ = svc.Close(context.Background())
	// Output:
	// http-start
	// resize-start
	// resize-stop
	// http-stop
}

// A program whose servers are instrumented with otelhttp or otelgrpc, and which
// exports to a collector, as it does before Sonde comes: its exporter stays, and
// its servers take part in traces with Sonde's headers.
func ExampleNewPropagator() {
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "shop", Keys: keys, Sink: printer{}})
	otel.SetTracerProvider(oteltrace.NewTracerProvider(oteltrace.Beside(otel.GetTracerProvider())))
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(
		propagation.TraceContext{}, oteltrace.NewPropagator(svc)))
	_ = svc.Close(context.Background())
	// Output:
}
