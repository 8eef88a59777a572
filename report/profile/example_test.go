package profile_test

import (
	"fmt"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/profile"
)

// Every tenth of these jobs takes a second more.
func ExampleProfile_Explain() {
	p := profile.New()
	for i := range 40 {
		r, err := report.Read(fmt.Appendf(nil, `
{"name":"job-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","info":{}}
{"name":"load-start","base_id":"b","trace_id":"2","parent_id":"1","timestamp":"2026-01-02T03:04:05.010000","info":{}}
{"name":"load-stop","base_id":"b","trace_id":"2","parent_id":"1","timestamp":"2026-01-02T03:04:0%d.100000","info":{}}
{"name":"job-stop","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:0%[1]d.110000","info":{}}`, 5+i%10/9))
		if err != nil {
			fmt.Println(err)
			return
		}
		p.Add(r)
	}
	fmt.Println(p.Explain(p.Kinds()[0]).Text)
	// Output:
	// job: 40 traces, p50 110 ms, p95 1.11 s; 100 % of the variance: load, 1.09 s in the slowest tenth and 90.0 ms in the fastest half
}
