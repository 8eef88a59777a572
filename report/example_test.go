package report_test

import (
	"fmt"
	"os"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// A driver's Records is what Build usually gets; here the records are at hand.
func ExampleBuild() {
	stored := []string{
		`{"name":"http-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","info":{"host":"h"}}`,
		`{"name":"db-start","base_id":"b","trace_id":"2","parent_id":"1","timestamp":"2026-01-02T03:04:05.001000","info":{"host":"h"}}`,
		`{"name":"db-stop","base_id":"b","trace_id":"2","parent_id":"1","timestamp":"2026-01-02T03:04:05.008000","info":{"host":"h"}}`,
		`{"name":"http-stop","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.009000","info":{"host":"h"}}`,
	}
	r, err := report.Build(func(yield func(record.Record, error) bool) {
		for _, s := range stored {
			if !yield(record.Parse([]byte(s))) {
				return
			}
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for p := range r.Walk() {
		fmt.Printf("%*s%s %v, itself %v\n", 2*p.Depth, "", p.Name, p.Duration(), p.Self())
	}
	// Output:
	// http 9ms, itself 2ms
	//   db 7ms, itself 7ms
}

// A file may hold records or a report in JSON.
func ExampleRead() {
	r, err := report.Read([]byte(`[
	 {"name":"http-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","info":{"request":{"method":"GET","path":"/"},"host":"h"},"service":"shop"},
	 {"name":"http-stop","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.009000","info":{"host":"h"},"service":"shop"}]`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	p := r.At(0)
	fmt.Println(p.Name, r.Detail(p), p.Service, p.Duration())
	// Output: http GET / shop 9ms
}
