package oteltrace_test

import (
	"context"
	"fmt"

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
