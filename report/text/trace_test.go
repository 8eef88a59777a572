package text_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"
	"unicode"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestOutput runs the form through what those of others run through.
func TestOutput(t *testing.T) { outputtest.Run(t, text.Output, "testdata") }

// plain is info that says nothing.
const plain = `{"host":"h"}`

// traceID is that of all traces here, and the parent of what is below "base".
const traceID = "4f1c0f3e-3c1a-4a55-9d0e-2b1f0f7f9a11"

// trace makes records.
type trace struct{ records []string }

// point adds a point from one millisecond to another, without a stop if that is
// 0, and returns its id.
func (tr *trace) point(name, parent, service string, from, to int, start, stop string) string {
	return tr.micros(name, parent, service, from*1000, to*1000, start, stop)
}

// micros is point in microseconds.
func (tr *trace) micros(name, parent, service string, from, to int, start, stop string) string {
	id := fmt.Sprint("id", len(tr.records))
	tr.record(name+"-start", id, parent, service, from, start)
	if to > 0 {
		tr.record(name+"-stop", id, parent, service, to, stop)
	}
	return id
}

func (tr *trace) record(name, id, parent, service string, micros int, info string) {
	if parent == "base" {
		parent = traceID
	}
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC).Add(time.Duration(micros) * time.Microsecond)
	tr.records = append(tr.records, fmt.Sprintf(
		`{"name":"%s","base_id":"%s","trace_id":"%s","parent_id":"%s","timestamp":"%s","info":%s,"project":"shop","service":"%s"}`,
		name, traceID, id, parent, at.Format("2006-01-02T15:04:05.000000"), info, service))
}

func build(t testing.TB, records []string) *report.Report {
	t.Helper()
	r, err := report.Build(func(yield func(record.Record, error) bool) {
		for _, text := range records {
			if !yield(record.Parse([]byte(text))) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t testing.TB, r *report.Report, o report.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := text.Write(&out, r, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func checkPrintable(t *testing.T, text string) {
	t.Helper()
	for i, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%U after %q", r, text[:i])
		}
	}
}

// deepTrace is n points, each below the one before.
func deepTrace(n int) []string {
	var tr trace
	parent := "base"
	for i := range n {
		parent = tr.micros("f", parent, "s", i, 3*n-i, plain, plain)
	}
	return tr.records
}
