package findings_test

import (
	"fmt"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

func ExampleFind() {
	r, err := report.Read([]byte(`
{"name":"http-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"request":{"method":"GET","path":"/cart"}}}
{"name":"db-start","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.010000","service":"shop","info":{"db":{"statement":"SELECT * FROM carts WHERE id = 7"}}}
{"name":"db-stop","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.950000","service":"shop","info":{}}
{"name":"http-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:01.000000","service":"shop","info":{"response":{"status_code":200}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	result := findings.Find(r, findings.Options{})
	fmt.Println(result.Head.Title, result.Head.Status, result.Head.Duration)
	for _, f := range result.Findings {
		fmt.Println(f.Kind, f.Text)
	}
	// Output:
	// GET /cart 200 1s
	// slow SELECT * FROM carts WHERE id = ? (shop), below GET /cart (shop): 940 ms, 94 %
}
