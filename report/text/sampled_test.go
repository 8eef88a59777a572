package text_test

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/text"
)

// TestKept: the head says how the trace was drawn and why it was kept, within 80
// columns, and what it says is clean.
func TestKept(t *testing.T) {
	id := header.NewSampledID(0.01)
	e := record.New(record.Fields{Trace: id, Parent: id, Point: header.NewID(), Name: "http", Phase: record.Start, Time: 1e15, Project: "p", Service: "s",
		Info: []byte(`{"sonde":{"sampled":{"by":"probability","route":"GET /cart"},"kept":{"by":"slow\u001b[31mest","of":1}}}`)})
	r, err := report.Build(func(yield func(record.Record, error) bool) { yield(record.Parse(e.JSON())) })
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := text.Write(&out, r, report.Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if want := "\nsampled: 1 of 100 of GET /cart; this trace stands for about 100\nkept by tail sampling: slow"; !strings.Contains(out.String(), want) || strings.Contains(out.String(), "\x1b") {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
