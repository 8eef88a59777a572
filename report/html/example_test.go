package html_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/html"
)

func ExampleWrite() {
	r, err := report.Read([]byte(`
{"name":"http-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"request":{"method":"GET","path":"/cart"}}}
{"name":"http-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:01.000000","service":"shop","info":{"response":{"status_code":200}}}`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	file, err := os.Create(filepath.Join(os.TempDir(), "trace.html"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer file.Close()
	if err := html.Write(file, r, report.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
