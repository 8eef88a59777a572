package profile_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/profile"
)

// BenchmarkProfile puts 1,000 traces of some 100 points together and explains them.
// "held-B" is what the profile keeps of them.
func BenchmarkProfile(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var reports []*report.Report
	for i := range 50 {
		root := cart(rnd)
		for range 16 {
			root.kids = append(root.kids, cart(rnd).own(rnd.ExpFloat64()))
		}
		reports = append(reports, build(b, i, root))
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	b.ReportAllocs()
	before := heap()
	var p *profile.Profile
	points := 0
	for b.Loop() {
		p, points = profile.New(), 0
		for i := range 1000 {
			p.Add(reports[i%len(reports)])
			points += reports[i%len(reports)].Len()
		}
		p.Explain(p.Kinds()[0])
	}
	b.ReportMetric(float64(points), "points")
	b.ReportMetric(float64(heap()-before), "held-B")
	runtime.KeepAlive(p)
	runtime.KeepAlive(reports)
}
