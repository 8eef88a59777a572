package mongotrace_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sonde-go/sonde/mongotrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func ExampleNewMonitor() {
	_, err := mongo.Connect(options.Client().
		ApplyURI("mongodb://localhost:27017").
		SetMonitor(mongotrace.NewMonitor()))
	if err != nil {
		log.Fatal(err)
	}
}

// printer is a sink that prints records.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Printf("%s %s\n", events[i].RecordName(), events[i].Info())
	}
	return nil
}

// What the driver tells the monitor of a command within a trace, and what is recorded.
func ExampleNewMonitor_recorded() {
	monitor := mongotrace.NewMonitor(mongotrace.WithName("stock"))
	svc, _ := profiler.New(profiler.Config{Name: "shop", Host: "h", Sink: printer{}})
	ctx, request := svc.Begin(context.Background(), profiler.Opening{Name: "request"})

	insert, _ := bson.Marshal(bson.D{{Key: "insert", Value: "goods"}, {Key: "documents", Value: bson.A{bson.D{{Key: "sku", Value: 7}}}}})
	reply, _ := bson.Marshal(bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 1}})
	monitor.Started(ctx, &event.CommandStartedEvent{Command: insert, DatabaseName: "shop", CommandName: "insert", RequestID: 1})
	monitor.Succeeded(ctx, &event.CommandSucceededEvent{CommandFinishedEvent: event.CommandFinishedEvent{RequestID: 1}, Reply: reply})
	request.Stop()
	_ = svc.Close(context.Background())
	// Output:
	// request-start {"sonde":{"kind":"internal"},"host":"h"}
	// stock-start {"mongodb":{"command":"insert","database":"shop","collection":"goods"},"host":"h"}
	// stock-stop {"mongodb":{"documents":1},"host":"h"}
	// request-stop {"host":"h"}
}
