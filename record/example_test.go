package record_test

import (
	"fmt"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

func ExampleNew() {
	trace, _ := header.ParseID("b0000000-0000-4000-8000-000000000000")
	point, _ := header.ParseID("11111111-0000-4000-8000-000000000001")
	e := record.New(record.Fields{
		Name: "db", Phase: record.Start,
		Point: point, Parent: trace, Trace: trace,
		Time:    time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC).UnixNano(),
		Project: "shop", Service: "cart",
		Info: []byte(`{"db":{"statement":"SELECT 1"},"host":"host-a"}`),
	})
	fmt.Printf("%s\n", e.AppendJSON(nil))
	// Output:
	// {"name":"db-start","base_id":"b0000000-0000-4000-8000-000000000000","trace_id":"11111111-0000-4000-8000-000000000001","parent_id":"b0000000-0000-4000-8000-000000000000","timestamp":"2026-01-02T03:04:05.000006","info":{"db":{"statement":"SELECT 1"},"host":"host-a"},"project":"shop","service":"cart"}
}

// A test changes one field of an event and leaves the others as they are.
func ExampleEvent_Fields() {
	start := record.New(record.Fields{Name: "db", Phase: record.Start, Service: "cart", Time: 1_000})
	f := start.Fields()
	f.Phase, f.Time = record.Stop, 2_000
	stop := record.New(f)
	fmt.Println(start.RecordName(), start.Time(), stop.RecordName(), stop.Time())
	// Output: db-start 1000 db-stop 2000
}

// Python's blanks, its order of the fields and fields that Sonde does not know
// are all the same to Parse.
func ExampleParse() {
	r, err := record.Parse([]byte(`{"info": {"host": "host-a"}, "name": "db-stop", "trace_id": "11111111-0000-4000-8000-000000000001",
		"base_id": "b0000000-0000-4000-8000-000000000000", "parent_id": "b0000000-0000-4000-8000-000000000000",
		"timestamp": "2026-01-02T03:04:05.000006", "service": "cart", "project": null, "request_id": 7}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Name, "at", r.Timestamp)
	fmt.Println("point", r.Point)
	fmt.Println("of trace", r.Trace)
	fmt.Println(*r.Service, "on", *r.Host, "with a project:", r.Project != nil)
	// Output:
	// db-stop at 2026-01-02T03:04:05.000006
	// point 11111111-0000-4000-8000-000000000001
	// of trace b0000000-0000-4000-8000-000000000000
	// cart on host-a with a project: false
}
