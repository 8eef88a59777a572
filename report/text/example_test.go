package text_test

import (
	"fmt"
	"os"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/text"
)

// A report of records that are at hand; a store's come from drivers.Store.Records.
func ExampleWrite() {
	r, err := report.Read([]byte(`[
	 {"name":"http-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","info":{"request":{"method":"GET","path":"/"},"host":"h"},"service":"shop"},
	 {"name":"http-stop","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.009000","info":{"response":{"status_code":200},"host":"h"},"service":"shop"}]`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	if err := text.Write(os.Stdout, r, report.Options{Width: 60}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	// Output:
	// GET / 200 in shop, 9.00 ms, 1 point, 1 service
	// trace b, 2026-01-02 03:04:05 UTC
	//
	// point             total     self  service  0         9.00 ms
	// http GET / 200  9.00 ms  9.00 ms  shop     █████████████████
	//
	// not judged: no query of a database was recorded, so none can
	//             be called slow or repeated
	//
	// name    count    total     self      max
	// http        1  9.00 ms  9.00 ms  9.00 ms
}
