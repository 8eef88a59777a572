package sqlstore

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/record"
)

// FuzzDecode holds that column data means the same encoded once and twice.
func FuzzDecode(f *testing.F) {
	f.Add(`{"info": {"host": "a"}}`)
	f.Add(`"{\"info\": {}}"`)
	f.Add(`{"info": null, "x": NaN}`)
	f.Add(`"\u0000`)
	f.Fuzz(func(t *testing.T, data string) {
		once, err := decode([]byte(data))
		if err != nil {
			return
		}
		twice, err := json.Marshal(string(once.Payload))
		if err != nil || !bytes.Contains(twice, []byte("\\ufffd")) {
			again, err := decode(twice)
			if err != nil || !bytes.Equal(once.Payload, again.Payload) || !bytes.Equal(once.Info, again.Info) {
				t.Fatalf("%q: %q and %q, %v", data, once.Payload, again.Payload, err)
			}
		}
	})
}

// TestBatch checks that the pieces of a batch's text are the right ones, also in
// memory that is used again.
func TestBatch(t *testing.T) {
	for _, n := range []int{3, 1, 7} {
		events := drivertest.Trace(n, 0)
		events[0].Change(func(f *record.Fields) { f.Name, f.Project = "é\xff", "\xff" })
		b := newBatch(events)
		for i, r := range b.rows {
			e := &events[i]
			name, project := e.RecordName(), e.Project()
			if i == 0 {
				name, project = "é\ufffd-start", "\ufffd"
			}
			got, err := decode([]byte(r.Data))
			if err != nil || !bytes.Equal(got.Info, e.Info()) || r.Timestamp != string(record.AppendTimestamp(nil, e.Time())) ||
				r.BaseID != e.Trace().String() || r.ParentID != e.Parent().String() || r.TraceID != e.Point().String() ||
				r.Name != name || r.Project != project || r.Service != e.Service() || r.Host != e.Host() {
				t.Errorf("row %d of %d: %+v, %v", i, n, r, err)
			}
		}
		if len(b.rows) != n {
			t.Errorf("%d rows, want %d", len(b.rows), n)
		}
		b.free()
	}
}

func BenchmarkBatch(b *testing.B) {
	events := drivertest.Trace(500, 0)
	b.ReportAllocs()
	for b.Loop() {
		newBatch(events).free()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/row")
}
