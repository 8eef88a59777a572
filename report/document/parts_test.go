package document_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/outputtest"
)

// decoded is what a writer has written.
func decoded(t *testing.T, write func(*bytes.Buffer) error) (doc map[string]any) {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatalf("%v in %s", err, out.Bytes())
	}
	return doc
}

// TestParts: a part says what the whole does.
func TestParts(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		t.Run(trace.Name, func(t *testing.T) {
			r := trace.Report(t)
			whole := decoded(t, func(b *bytes.Buffer) error { return document.Write(b, r, report.Options{}) })
			found := decoded(t, func(b *bytes.Buffer) error { return document.WriteFindings(b, r, report.Options{}) })
			for _, member := range []string{"warnings", "stats", "points"} {
				if _, has := found[member]; has {
					t.Errorf("the findings have %s", member)
				}
				found[member] = whole[member]
			}
			if !reflect.DeepEqual(found, whole) {
				t.Errorf("the findings are %v, the whole %v", found, whole)
			}
			points := whole["points"].([]any)
			if len(points) == 0 {
				return
			}
			want := points[0].(map[string]any)
			id, _ := want["id"].(string)
			if id == "" {
				return
			}
			var one bytes.Buffer
			if err := document.WritePoint(&one, r, id, report.Options{}); err != nil {
				if strings.Contains(err.Error(), "points have ids") {
					return
				}
				t.Fatal(err)
			}
			point := decoded(t, func(b *bytes.Buffer) error { return document.WritePoint(b, r, id, report.Options{}) })
			if got := point["point"]; !reflect.DeepEqual(got, points[0]) {
				t.Errorf("point %v, want %v", got, points[0])
			}
			below := 0
			for _, p := range points {
				if p.(map[string]any)["parent"] == id && p.(map[string]any)["id"] != id {
					below++
				}
			}
			if got := len(point["below"].([]any)); got != below {
				t.Errorf("%d points below it, want %d", got, below)
			}
			proved := 0
			for _, f := range whole["findings"].([]any) {
				for _, p := range f.(map[string]any)["points"].([]any) {
					if p == id {
						proved++
						break
					}
				}
			}
			if got := len(point["findings"].([]any)); got != proved {
				t.Errorf("it proves %d findings, want %d", got, proved)
			}
		})
	}
}

func TestPointThatIsNone(t *testing.T) {
	r := skewed(t)
	for id, want := range map[string]string{"9": "no point of the trace has an id", "": "3 points have ids that begin"} {
		var out bytes.Buffer
		if err := document.WritePoint(&out, r, id, report.Options{}); err == nil || !strings.Contains(err.Error(), want) || out.Len() > 0 {
			t.Errorf("%q: %v, %s", id, err, out.Bytes())
		}
	}
}
