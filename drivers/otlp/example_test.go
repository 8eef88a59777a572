package otlp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/otlp"
)

// The traces of the service "checkout" that Jaeger holds.
func Example() {
	ctx := context.Background()
	store, err := drivers.Open(ctx, "jaeger://localhost:4318?query=http://localhost:16686", drivers.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for trace, err := range store.Traces(ctx, drivers.Query{Service: "checkout", Limit: 10}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(trace.Timestamp, trace.ID, trace.Name)
	}
}

// Spans for a collector that wants a token, over gRPC and TLS.
func Example_write() {
	ctx := context.Background()
	store, err := drivers.Open(ctx, "otlp+grpcs://collector.example?header.authorization=Bearer%20TOKEN&service_name_prefix=cloud", drivers.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
}
