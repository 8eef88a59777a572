package export_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/redis"
	"github.com/sonde-go/sonde/oteltrace/export"
	"github.com/sonde-go/sonde/record"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func ExampleNew() {
	ctx := context.Background()
	store, err := drivers.Open(ctx, "redis://localhost:6379", drivers.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(export.New(store)))
	defer func() { _ = provider.Shutdown(ctx) }()
}

// printer is a store that prints the points' names.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Println(events[i].RecordName())
	}
	return nil
}

// What the spans of a program become.
func ExampleExporter() {
	ctx := context.Background()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(export.New(printer{})))
	tracer := provider.Tracer("example.com/shop")

	ctx, request := tracer.Start(ctx, "GET /orders")
	_, query := tracer.Start(ctx, "SELECT orders", trace.WithAttributes(attribute.String("db.query.text", "SELECT n FROM orders")))
	query.End()
	request.End()
	_ = provider.Shutdown(ctx)
	// Output:
	// db-start
	// db-stop
	// GET /orders-start
	// GET /orders-stop
}
