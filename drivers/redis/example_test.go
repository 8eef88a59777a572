package redis_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/redis"
)

// A list of the ten youngest traces that a Redis server holds.
func Example() {
	ctx := context.Background()
	store, err := drivers.Open(ctx, "redis://:password@localhost:6379/0?ttl=72h", drivers.Options{FilterErrorTrace: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for trace, err := range store.Traces(ctx, drivers.Query{Limit: 10}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(trace.Timestamp, trace.ID, trace.Service, trace.Name)
	}
}
