package profiler_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// printer is a sink that prints records. Programs use a store, see package
// drivers; package sonde makes a Service from a store's URL.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Printf("%s %s\n", events[i].RecordName(), events[i].Info())
	}
	return nil
}

func ExampleNew() {
	keys, err := header.ParseKeys("a key that all services share")
	if err != nil {
		log.Fatal(err)
	}
	svc, err := profiler.New(profiler.Config{Name: "shop", Host: "web-1", Keys: keys, Sink: printer{}})
	if err != nil {
		log.Fatal(err)
	}

	_, p := svc.Begin(context.Background(), profiler.Opening{Name: "restock"}, slog.String("sku", "tea"))
	p.Stop(slog.Int("ordered", 12))

	// What is recorded waits for up to 100 ms; Close delivers the rest of it.
	if err := svc.Close(context.Background()); err != nil {
		log.Print(err)
	}

	// Output:
	// restock-start {"sku":"tea","sonde":{"kind":"internal"},"host":"web-1"}
	// restock-stop {"ordered":12,"host":"web-1"}
}
