package kit

import (
	"slices"
	"testing"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/record"
)

func TestHasError(t *testing.T) {
	for info, want := range map[string]bool{
		`{"etype": "ValueError", "message": 1}`: true,
		`{"etype": ""}`:                         true,
		`{"x": NaN, "etype": {}}`:               true,
		`{"etype": null}`:                       false,
		`{"etype": "x", "etype": null}`:         false,
		`{"a": {"etype": "x"}, "b": "etype"}`:   false,
		`{}`:                                    false,
		``:                                      false,
	} {
		if got := HasError([]byte(info)); got != want {
			t.Errorf("HasError(%s) = %v", info, got)
		}
	}
}

func TestPointName(t *testing.T) {
	for record, want := range map[string]string{"db-start": "db", "a-b-stop": "a-b", "nonstop": "nonstop", "-start": "", "": ""} {
		if got := PointName(record); got != want {
			t.Errorf("PointName(%q) = %q, want %q", record, got, want)
		}
	}
}

// TestAnyOrder gives the same list whatever the order of the records.
func TestAnyOrder(t *testing.T) {
	shop, other := "shop", "other"
	records := []record.Record{
		{Name: "http-start", Trace: "a", Timestamp: "2026-01-01T00:00:01", Service: &shop},
		{Name: "db-stop", Trace: "a", Timestamp: "2026-01-01T00:00:03", Service: &other, Info: []byte(`{"etype":"E"}`)},
		{Name: "rpc-start", Trace: "b", Timestamp: "2026-01-01T00:00:02", Project: &other},
	}
	a := driver.Trace{ID: "a", Timestamp: "2026-01-01T00:00:01", Service: "shop", Name: "http", Failed: true}
	b := driver.Trace{ID: "b", Timestamp: "2026-01-01T00:00:02", Project: "other", Name: "rpc"}
	for range 2 {
		slices.Reverse(records)
		for _, tt := range []struct {
			q    driver.Query
			want []driver.Trace
		}{
			{driver.Query{}, []driver.Trace{b, a}},
			{driver.Query{Limit: 1}, []driver.Trace{b}},
			{driver.Query{Service: "other"}, []driver.Trace{a}},
			{driver.Query{ErrorsOnly: true}, []driver.Trace{a}},
		} {
			l := NewTraceList(tt.q)
			for i := range records {
				l.Add(&records[i])
			}
			if got := l.Sorted(); !slices.Equal(got, tt.want) {
				t.Errorf("%+v: %+v, want %+v", tt.q, got, tt.want)
			}
		}
	}
}
