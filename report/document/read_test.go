package document_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
)

// TestReadAgain: the points of a document that is read are those that it was
// written from, and so is what was found.
func TestReadAgain(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		t.Run(trace.Name, func(t *testing.T) {
			first := inJSON(t, trace.Report(t))
			r, err := report.Read(first)
			if trace.Name == "nothing" && errors.Is(err, report.ErrNoRecords) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			again := inJSON(t, r)
			var want, got map[string]any
			if err := json.Unmarshal(first, &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(again, &got); err != nil {
				t.Fatal(err)
			}
			for _, member := range []string{"trace", "began", "duration_ns", "lost", "refused", "unfinished", "points", "findings", "critical_path"} {
				if !reflect.DeepEqual(got[member], want[member]) {
					t.Errorf("%s:\n got  %.600s\n want %.600s", member, fmt.Sprint(got[member]), fmt.Sprint(want[member]))
				}
			}
		})
	}
}

// TestReadDamaged: anything that is not a document of ours must not crash Read.
func TestReadDamaged(t *testing.T) {
	for _, text := range []string{
		`{"version":1,"points":[]}`, `{"version":1,"points":[{}]}`, `{"version":1,"points":[7,{"id":"a","name":"b","info":{"start":7}}]}`,
		`{"version":1,"trace":"t","began":"x","points":[{"id":"a","name":"b","start_ns":"y","info":{"start":{}},"finished":true}]}`,
	} {
		r, err := report.Read([]byte(text))
		if (err == nil) != (r != nil) {
			t.Errorf("%s: %v, %v", text, r, err)
		}
	}
}
