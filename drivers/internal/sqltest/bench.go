package sqltest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/record"
)

// Fill writes so many traces of so many records each, a second apart, in the
// order of time or the newest record first, as a copy from Redis does. The last
// record of every tenth trace has an error.
func Fill(t testing.TB, d *drivers.Store, traces, records int, newestFirst bool) {
	t.Helper()
	var all []record.Event
	for i := range traces {
		events := drivertest.Trace(records, time.Duration(i)*time.Second)
		if i%10 == 0 {
			events[records-1].Change(func(f *record.Fields) {
				f.Info = []byte(`{"etype":"errors.errorString","message":"no","host":"host-a"}`)
			})
		}
		all = append(all, events...)
	}
	if newestFirst {
		slices.Reverse(all)
	}
	for batch := range slices.Chunk(all, 500) {
		if err := d.Notify(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
}

// Orders are the orders in which rows may stand, by name.
var Orders = map[string]bool{"OldestFirst": false, "NewestFirst": true}

// BenchmarkTraces lists traces whose rows stand in either order.
func BenchmarkTraces(b *testing.B, open func() *drivers.Store) {
	for _, shape := range []struct{ traces, records int }{{1, 4000}, {2000, 10}} {
		for _, order := range []string{"OldestFirst", "NewestFirst"} {
			d := open()
			Fill(b, d, shape.traces, shape.records, Orders[order])
			list := func(name string, q drivers.Query, want int) {
				b.Run(fmt.Sprintf("%dx%d/%s/%s", shape.traces, shape.records, name, order), func(b *testing.B) {
					for b.Loop() {
						if n := len(Listed(b, d, q)); n != want {
							b.Fatalf("%d traces, want %d", n, want)
						}
					}
				})
			}
			list("All", drivers.Query{}, shape.traces)
			list("Newest", drivers.Query{Limit: 20}, min(20, shape.traces))
			list("Errors", drivers.Query{ErrorsOnly: true}, (shape.traces+9)/10)
			list("NewestErrors", drivers.Query{ErrorsOnly: true, Limit: 20}, min(20, (shape.traces+9)/10))
			if err := d.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Listed is what Traces yields.
func Listed(t testing.TB, d *drivers.Store, q drivers.Query) (traces []drivers.Trace) {
	t.Helper()
	for tr, err := range d.Traces(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		traces = append(traces, tr)
	}
	return traces
}
