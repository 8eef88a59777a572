package text_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/text"
)

func writePoint(t *testing.T, r *report.Report, id string, o report.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := text.WritePoint(&out, r, id, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWritePoint(t *testing.T) {
	var tr trace
	root := tr.point("http", "base", "cart", 0, 50, `{"request":{"path":"/cart","method":"GET"},"host":"a"}`, plain)
	db := tr.point("db", root, "cart", 10, 40, `{"db":{"statement":"SELECT id,\n       price\nFROM items\nWHERE sku IN ($1, $2)","params":["x"]},"tenant":7,"host":"a"}`,
		`{"etype":"pgconn.Error","message":"ERROR: relation \"items\" does not exist (SQLSTATE 42P01), and there is more to say of it","log":[{"time":"2026-01-02T03:00:00.02Z","level":"WARN","message":"slow  query","attributes":{"rows":3,"table":"items"}}],"host":"a"}`)
	open := tr.point("audit", root, "cart", 41, 0, plain, "")
	r := build(t, tr.records)
	for name, id := range map[string]string{"point": db, "point-root": root, "point-open": open} {
		outputtest.Golden(t, filepath.Join("testdata", name+".txt"), []byte(writePoint(t, r, id, report.Options{Width: 80})))
	}
	if writePoint(t, r, db, report.Options{}) != writePoint(t, r, db[:3], report.Options{}) {
		t.Error("the beginning of an id is another point")
	}
	for id, want := range map[string]string{"x": "no point of the trace has an id that begins with \"x\"", "id": "3 points have ids that begin with \"id\""} {
		if err := text.WritePoint(&bytes.Buffer{}, r, id, report.Options{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// TestPointIsHarmless: whatever a point's records hold, they do nothing to a
// terminal.
func TestPointIsHarmless(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		r := trace.Report(t)
		for i := range r.Len() {
			for _, width := range []int{40, 100} {
				out := writePoint(t, r, r.At(i).ID(), report.Options{Width: width})
				checkPrintable(t, out)
				checkWidth(t, out, width)
			}
		}
	}
}
