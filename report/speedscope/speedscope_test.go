package speedscope_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/speedscope"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, speedscope.Output, "testdata") }

// file is what speedscope reads. That it is all that its schema wants is tested in cmd.
type file struct {
	Shared   struct{ Frames []struct{ Name string } }
	Profiles []struct {
		Type, Name, Unit string
		EndValue         int64
		Samples          [][]int
		Weights          []int64
		Events           []struct {
			Type      string
			At, Frame int64
		}
	}
}

func read(t *testing.T, r *report.Report) (f file) {
	t.Helper()
	var out bytes.Buffer
	if err := speedscope.Write(&out, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestReader: what speedscope wants beyond its schema, or else refuses a file.
func TestReader(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		r := trace.Report(t)
		f := read(t, r)
		opened := 0
		for _, p := range f.Profiles {
			if p.Type == "sampled" {
				sum := int64(0)
				for _, w := range p.Weights {
					sum += w
				}
				if len(p.Samples) != len(p.Weights) || sum != p.EndValue {
					t.Errorf("%s: %d samples, %d weights, %d of %d", trace.Name, len(p.Samples), len(p.Weights), sum, p.EndValue)
				}
				continue
			}
			var open []int64
			now := int64(0)
			for _, e := range p.Events {
				if e.At < now || e.At > p.EndValue || e.Frame < 0 || int(e.Frame) >= len(f.Shared.Frames) {
					t.Fatalf("%s: %+v after %d", trace.Name, e, now)
				}
				now = e.At
				if e.Type == "O" {
					opened++
					open = append(open, e.Frame)
				} else if last := len(open) - 1; last < 0 || open[last] != e.Frame {
					t.Fatalf("%s: %+v ends what is not open", trace.Name, e)
				} else {
					open = open[:last]
				}
			}
			if len(open) > 0 {
				t.Errorf("%s: %d of %s do not end", trace.Name, len(open), p.Name)
			}
		}
		if opened != r.Len() {
			t.Errorf("%s: %d events of %d points", trace.Name, opened, r.Len())
		}
	}
}

func ExampleWrite() {
	r, err := report.Read([]byte(`
{"name":"job-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{}}
{"name":"job-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.120000","service":"shop","info":{}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var out bytes.Buffer // or a file, for speedscope
	if err := speedscope.Write(&out, r, report.Options{}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(json.Valid(out.Bytes()))
	// Output: true
}
