package rpctrace_test

import (
	"context"
	"fmt"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/rpctrace"
)

// printer is a sink that prints the points' names.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Println(events[i].RecordName())
	}
	return nil
}

// headers is what a message of some bus keeps its headers in.
type headers map[string]string

func (h headers) Get(name string) string { return h[name] }
func (h headers) Set(name, value string) { h[name] = value }

func Example() {
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "shop", Keys: keys, Sink: printer{}})
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "checkout"})

	// The producer's side.
	message := headers{}
	bus := &layer.Layer{
		Group: "bus",
		Label: "{bus.topic}", // what a report's line shows
		Attributes: []layer.Attribute{ // what OpenTelemetry calls it
			{Name: "messaging.system", Value: "bus"},
			{Name: "messaging.destination.name", Value: "{bus.topic}"},
		},
	}
	publishing := profiler.Opening{Name: "bus_publish", Layer: bus, Kind: layer.Producer}
	_ = rpctrace.Produce(ctx, message, publishing, func(context.Context) error {
		return nil // give message to the bus
	})
	root.Stop()

	// The consumer's side, usually another program.
	processing := profiler.Opening{Name: "bus_process", Layer: bus, Kind: layer.Consumer}
	_ = rpctrace.Process(context.Background(), svc, message, processing, "orders", func(context.Context) error {
		return nil // do what the message asks for
	})
	_ = svc.Close(context.Background())
	// Output:
	// checkout-start
	// bus_publish-start
	// bus_publish-stop
	// checkout-stop
	// bus_process-start
	// bus_process-stop
}
