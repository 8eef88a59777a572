package sqltest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// ListRandom lists traces that overlap in time, whose rows stand in any order
// and share timestamps, and compares with a list made from all records.
func ListRandom(t *testing.T, d *drivers.Store) {
	random := rand.New(rand.NewPCG(7, 0))
	var all []record.Event
	for range 150 {
		events := drivertest.Trace(2+random.IntN(40), 0)
		from := random.IntN(400)
		for i := range events {
			events[i].Change(func(f *record.Fields) {
				f.Time += int64(from+random.IntN(1+random.IntN(400))-i) * int64(time.Millisecond)
				if random.IntN(60) == 0 {
					f.Service = "payments"
				}
				if f.Phase == record.Stop && random.IntN(60) == 0 {
					f.Info = []byte(`{"etype":"errors.errorString","host":"host-a"}`)
				}
			})
		}
		all = append(all, events...)
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for batch := range slices.Chunk(all, 500) {
		if err := d.Notify(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	first := all[0].Time()
	for i := range all {
		first = min(first, all[i].Time())
	}
	for _, q := range []drivers.Query{
		{}, {Since: time.Unix(0, first)}, {Since: time.Unix(0, first+int64(100*time.Millisecond))}, {Since: time.Unix(0, first+int64(time.Hour))},
		{Service: "payments"}, {ErrorsOnly: true}, {ErrorsOnly: true, Service: "payments", Since: time.Unix(0, first+int64(50*time.Millisecond))},
	} {
		made := kit.NewTraceList(q)
		for i := range all {
			r, err := record.Parse(all[i].AppendJSON(nil))
			if err != nil {
				t.Fatal(err)
			}
			made.Add(&r)
		}
		want := made.Sorted()
		byID := map[string]drivers.Trace{}
		for _, tr := range want {
			byID[tr.ID] = tr
		}
		got := Listed(t, d, q)
		if len(got) != len(want) {
			t.Errorf("%+v: %d traces, want %d", q, len(got), len(want))
		}
		for i, tr := range got {
			if byID[tr.ID] != tr {
				t.Errorf("%+v: %+v, want %+v", q, tr, byID[tr.ID])
			}
			delete(byID, tr.ID)
			if i > 0 && tr.Timestamp > got[i-1].Timestamp {
				t.Errorf("%+v: trace %d is younger than the one before", q, i)
			}
		}
		q.Limit = 5
		if limited := Listed(t, d, q); !slices.Equal(limited, got[:min(5, len(got))]) {
			t.Errorf("%+v: %+v, want %+v", q, limited, got[:min(5, len(got))])
		}
	}
}

// testListLookalikes lists traces whose ids a database may take for the same,
// and leaves out what has no time.
func (e *Engine) testListLookalikes(t *testing.T) {
	database := e.Database(t)
	d := e.Open(t, database)
	defer d.Close()
	if err := d.Notify(t.Context(), drivertest.Trace(1, 0)); err != nil {
		t.Fatal(err)
	}
	e.Exec(t, database, "DELETE FROM data")
	e.Exec(t, database, "INSERT INTO data (base_id, timestamp, trace_id, service, name, data) VALUES "+
		"('a', '2026-01-01T00:00:05.000000', 't', 'S', 'x-start', '{}'), ('A', '2026-01-01T00:00:04.000000', 't', 's', 'x-start', '{}'), "+
		"('a ', '2026-01-01T00:00:03.000000', 't', 's ', 'x-start', '{}'), ('A', '2026-01-01T00:00:02.000000', 't', 's', 'x-start', '{}'), "+
		"('b', NULL, 't', 's', 'x-start', '{}'), (NULL, '2026-01-01T00:00:01.000000', 't', 's', 'x-start', '{}')")
	for service, want := range map[string][]string{"": {"a", "a ", "A"}, "s": {"A"}, "S": {"a"}, "s ": {"a "}} {
		var got []string
		for _, tr := range Listed(t, d, drivers.Query{Service: service}) {
			got = append(got, tr.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("of service %q: %q, want %q", service, got, want)
		}
	}
}
