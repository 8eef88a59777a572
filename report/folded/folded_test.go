package folded_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/folded"
	"github.com/sonde-go/sonde/report/outputtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, folded.Output, "testdata") }

var line = regexp.MustCompile(`^[^;]+(;[^;]+)* [1-9][0-9]*$`)

// TestLines: each line is a stack and a number, whatever frames are called, and no
// stack has two.
func TestLines(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		var out bytes.Buffer
		if err := folded.Write(&out, trace.Report(t), report.Options{}); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for text := range strings.Lines(out.String()) {
			text = strings.TrimSuffix(text, "\n")
			stack := text[:max(0, strings.LastIndexByte(text, ' '))]
			if !line.MatchString(text) || seen[stack] {
				t.Errorf("%s: %q", trace.Name, text)
			}
			seen[stack] = true
		}
	}
}

func ExampleWrite() {
	r, err := report.Read([]byte(`
{"name":"job-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{}}
{"name":"db-start","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.010000","service":"shop","info":{"db":{"statement":"SELECT a; SELECT 7"}}}
{"name":"db-stop","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.110000","service":"shop","info":{}}
{"name":"job-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.120000","service":"shop","info":{}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := folded.Write(os.Stdout, r, report.Options{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// shop: job 20000
	// shop: job;shop: db SELECT a, SELECT ? 100000
}
