package text_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/text"
)

// grownTrace is a trace of n points, most of which have a few below them.
func grownTrace(n int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"http", "db", "grpc", "cache", "nats_publish"}
	var tr trace
	points, clock := 0, 0
	var grow func(parent string, depth int)
	grow = func(parent string, depth int) {
		for range 1 + random.IntN(6) {
			if points++; points > n {
				return
			}
			clock += random.IntN(50)
			name, id := names[random.IntN(len(names))], fmt.Sprint("id", points)
			tr.record(name+"-start", id, parent, "cart", clock, `{"db":{"statement":"SELECT 1"},"host":"h"}`)
			if depth < 8 {
				grow(id, depth+1)
			}
			clock += random.IntN(50)
			tr.record(name+"-stop", id, parent, "cart", clock, plain)
		}
	}
	for points < n {
		grow("base", 0)
	}
	return tr.records
}

// BenchmarkWrite writes reports of 100,000 points: with all rows, and as the
// command does.
func BenchmarkWrite(b *testing.B) {
	records := grownTrace(100_000)
	for _, rows := range []int{0, 200} {
		r := build(b, records)
		b.Run(fmt.Sprint("rows ", rows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := text.Write(io.Discard, r, report.Options{MaxRows: rows}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(r.Len()), "ns/point")
		})
	}
}
