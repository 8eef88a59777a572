package export_test

import (
	"context"
	"log"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/redis"
	"github.com/sonde-go/sonde/oteltrace/export"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
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
