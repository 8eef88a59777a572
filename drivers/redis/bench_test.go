package redis

import (
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
)

func BenchmarkList(b *testing.B) {
	drivertest.BenchmarkList(b, func(b testing.TB) *drivers.Store {
		return openURL(b, "redis://"+servertest.Redis(b, "--appendonly", "no").Addr, filing)
	})
}

// BenchmarkNotify writes batches of 100 records of one trace; ns/record is what
// counts.
func BenchmarkNotify(b *testing.B) {
	s := servertest.Redis(b, "--appendonly", "no")
	d := openURL(b, "redis://"+s.Addr, filing)
	c := client(b, s, 0)
	events := drivertest.Trace(100, 0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := d.Notify(b.Context(), events); err != nil {
			b.Fatal(err)
		}
		if i%1000 == 999 {
			b.StopTimer()
			c.FlushAll(b.Context())
			b.StartTimer()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(100*b.N), "ns/record")
}

func BenchmarkRecords(b *testing.B) {
	s := servertest.Redis(b, "--appendonly", "no")
	d := openURL(b, "redis://"+s.Addr, filing)
	events := drivertest.Trace(10000, 0)
	if err := d.Notify(b.Context(), events); err != nil {
		b.Fatal(err)
	}
	base := events[0].Trace().String()
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range d.Records(b.Context(), base) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != len(events) {
			b.Fatalf("%d records", n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(len(events)*b.N), "ns/record")
}
