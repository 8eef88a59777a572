package drivertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
)

// BenchmarkList lists the ten newest of 100, 10,000 and 100,000 traces of two
// records. open opens an empty store.
func BenchmarkList(b *testing.B, open func(testing.TB) *drivers.Store) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := open(b)
			fill(b, d, n)
			list(b, d, drivers.Query{Limit: 10}) // whatever the server does after so many writes
			for b.Loop() {
				if listed := len(list(b, d, drivers.Query{Limit: 10})); listed != 10 {
					b.Fatalf("%d traces are listed", listed)
				}
			}
		})
	}
}

// fill writes n traces of two records, ten milliseconds apart up to now, as a
// service does while it runs.
func fill(t testing.TB, d *drivers.Store, n int) {
	t.Helper()
	first := time.Now().Add(time.Duration(-n) * 10 * time.Millisecond)
	var batch []record.Event
	for i := range n {
		batch = append(batch, Trace(2, first.Sub(began)+time.Duration(i)*10*time.Millisecond)...)
		if len(batch) == 500 || i == n-1 {
			if err := d.Notify(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			batch = batch[:0]
		}
	}
}

// BenchmarkNotify writes batches of 500 records, each of 25 traces. Records per
// second are what counts. open opens an empty store.
func BenchmarkNotify(b *testing.B, open func(testing.TB) *drivers.Store) {
	const size, traces = 500, 25
	d := open(b)
	var batches [][]record.Event
	for i := range 20 {
		var batch []record.Event
		for j := range traces {
			batch = append(batch, Trace(size/traces, time.Duration(i*traces+j)*time.Millisecond)...)
		}
		batches = append(batches, batch)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := d.Notify(b.Context(), batches[n%len(batches)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n*size)/b.Elapsed().Seconds(), "records/s")
}
