package report

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// TestReportIsReadOnce reads points that nest deeper than jsontext.Skip passes a
// value. So it fails if the children of a point are passed as a value, and not
// just read point by point: each byte would be scanned once for each level. The
// bytes that are kept of the points, which are looked at again, are counted.
func TestReportIsReadOnce(t *testing.T) {
	const depth = 5 * jsontext.MaxDepth
	point := `{"parent_id": "p", "children": ["x"], "info": {"name": "f", "values": [` + strings.Repeat("1,", 100) + `1]}, "trace_id": "t", "children": [`
	data := []byte("[" + strings.Repeat(point, depth) + strings.Repeat("]}", depth) + ", 7]")
	text := jsontext.NewCursor(data)
	text.Open()
	text.Next()
	top := readPoint(&text)
	points, kept := 0, 0
	for list := []shownPoint{top}; len(list) > 0; list = list[0].children {
		points++
		kept += len(list[0].info) + len(list[0].traceID) + len(list[0].parentID)
	}
	if points != depth || kept == 0 || kept > len(data) {
		t.Errorf("%d points keep %d bytes of %d", points, kept, len(data))
	}
	if !text.Next() || string(text.Value()) != "7" {
		t.Error("the scan ends elsewhere than behind the report")
	}
}
