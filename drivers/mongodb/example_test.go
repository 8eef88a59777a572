package mongodb_test

import (
	"context"
	"log"
	"time"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/mongodb"
)

func Example() {
	ctx := context.Background()
	d, err := drivers.Open(ctx, "mongodb://sonde:password@localhost:27017/?authSource=admin", drivers.Options{FilterErrorTrace: true})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	for trace, err := range d.Traces(ctx, drivers.Query{Since: time.Now().Add(-time.Hour), ErrorsOnly: true}) {
		if err != nil {
			log.Fatal(err)
		}
		log.Println(trace.ID, trace.Timestamp, trace.Service, trace.Name)
	}
}
