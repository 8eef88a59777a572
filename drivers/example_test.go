package drivers_test

import (
	"context"
	"fmt"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	_ "github.com/sonde-go/sonde/drivers/memory" // the scheme memory
)

// A program imports the packages of the drivers that its URLs may name.
func ExampleOpen() {
	ctx := context.Background()
	d, err := drivers.Open(ctx, "memory://shop", drivers.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()

	// A profiler.Service does this with the events of its points.
	if err := d.Notify(ctx, drivertest.Trace(4, 0)); err != nil {
		fmt.Println(err)
		return
	}

	for trace, err := range d.Traces(ctx, drivers.Query{Limit: 10}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(trace.Project, trace.Service, trace.Name)
		for record, err := range d.Records(ctx, trace.BaseID) {
			if err != nil {
				fmt.Println(err)
				continue
			}
			fmt.Println(record.Name)
		}
	}
	// Output:
	// shop checkout http
	// http-start
	// db-start
	// db-stop
	// http-stop
}

func ExampleRedact() {
	fmt.Println(drivers.Redact("redis://:pass@cache:6379/0"))
	// Output: redis://:***@cache:6379/0
}
