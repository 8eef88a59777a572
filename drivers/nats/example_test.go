package nats_test

import (
	"context"
	"log"
	"time"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/nats"
)

func Example() {
	ctx := context.Background()
	d, err := drivers.Open(ctx, "nats://sonde:password@n1:4222,n2:4222/OSPROFILER?replicas=3&max_age=72h", drivers.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	for trace, err := range d.Traces(ctx, drivers.Query{Since: time.Now().Add(-time.Hour)}) {
		if err != nil {
			log.Fatal(err)
		}
		log.Println(trace.ID, trace.Timestamp, trace.Service, trace.Name)
	}
}
