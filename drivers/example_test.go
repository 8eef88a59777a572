package drivers_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/drivertest"
	_ "github.com/sonde-go/sonde/drivers/memory" // the scheme memory
	"github.com/sonde-go/sonde/record"
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
		for record, err := range d.Records(ctx, trace.ID) {
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

// nowhere is a driver of a store that keeps nothing.
type nowhere struct{ rate int }

func (nowhere) Notify(context.Context, []record.Event) error { return nil }
func (nowhere) Close() error                                 { return nil }

// A driver registers its scheme in its package's init.
func ExampleRegister() {
	drivers.Register(drivers.Scheme{
		Name: "nowhere", Doc: "a store that keeps nothing", Example: "nowhere://?rate=5",
		Import:  "example.com/nowhere",
		Options: []drivers.Option{{Name: "rate", Kind: drivers.Count, Default: "1", Doc: "how much of it"}},
		Open: func(_ context.Context, u *drivers.URL, _ drivers.Options) (driver.Driver, error) {
			return nowhere{u.Count("rate")}, nil
		},
	})
	d, err := drivers.Open(context.Background(), "nowhere://?rate=5", drivers.Options{})
	fmt.Println(d.Driver(), err)
	_, err = drivers.Open(context.Background(), "nowhere://?rate=all", drivers.Options{})
	fmt.Println(err)
	// Output:
	// {5} <nil>
	// open nowhere://?rate=all: option rate is not a whole number above 0
}

// A page of the list, and the next one.
func ExampleStore_Traces() {
	ctx := context.Background()
	d, err := drivers.Open(ctx, "memory://", drivers.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	for i := range 3 {
		if err := d.Notify(ctx, drivertest.Trace(2, time.Duration(i)*time.Minute)); err != nil {
			fmt.Println(err)
		}
	}
	q := drivers.Query{Limit: 2}
	for n := 1; n > 0; {
		n = 0
		for trace, err := range d.Traces(ctx, q) {
			if err != nil {
				fmt.Println(err)
				return
			}
			n++
			q.Before = trace.Cursor() // the next page begins after the last one
		}
		fmt.Println(n, "traces")
	}
	// Output:
	// 2 traces
	// 1 traces
	// 0 traces
}

func ExampleRedact() {
	fmt.Println(drivers.Redact("redis://:pass@cache:6379/0"))
	// Output: redis://:***@cache:6379/0
}
