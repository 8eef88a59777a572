package diff_test

import (
	"fmt"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/profile"
)

// one is the profile of a trace that was read from a file.
func one(records string) *profile.Profile {
	p := profile.New()
	if r, err := report.Read([]byte(records)); err == nil {
		p.Add(r)
	}
	return p
}

const (
	request = `{"name":"http-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","service":"shop","info":{"request":{"method":"GET","path":"/cart"}}}
{"name":"http-stop","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.012000","service":"shop","info":{}}`
	added = `
{"name":"db-start","base_id":"b","trace_id":"2","parent_id":"1","timestamp":"2026-01-02T03:04:05.001000","service":"shop","info":{"db":{"statement":"SELECT n FROM stock WHERE sku = 7"}}}
{"name":"db-stop","base_id":"b","trace_id":"2","parent_id":"1","timestamp":"2026-01-02T03:04:05.009000","service":"shop","info":{}}`
)

func ExampleOf() {
	d := diff.Of(one(request), one(request+added))
	fmt.Println(d.Text)
	fmt.Println(d.Causes[0].Kind, d.Causes[0].Text)
	// Output:
	// GET /cart: 12.0 ms → 12.0 ms (+0 %)
	// new SELECT n FROM stock WHERE sku = ? (shop), below GET /cart (shop): +8.00 ms
}

func ExampleParseCondition() {
	c, err := diff.ParseCondition("new(db)")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Check(diff.Of(one(request), one(request+added))))
	// Output: new(db): 1 path true
}
