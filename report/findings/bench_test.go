package findings_test

import (
	"fmt"
	"testing"

	"github.com/sonde-go/sonde/report/findings"
)

// BenchmarkFind looks for causes in large traces of three shapes: a list of
// queries, a deep chain, and calls between two services whose clocks differ.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		chain := page(2e5)
		for p, i := chain, 1; i < n; i++ {
			k := work("step", float64(i)/2, 2e5-float64(i)/2)
			p.kids = []*point{k}
			p = k
		}
		for name, root := range map[string]*point{
			"list": page(float64(n), times(n, 0, .9, .1, func(i int, from, to float64) *point {
				return query(fmt.Sprint("SELECT * FROM rows WHERE id = ", i), from, to)
			})...),
			"chain": chain,
			"calls": page(float64(n), times(n/2, 0, 1.8, .2, func(_ int, from, to float64) *point {
				p := rpc("stock", "/shop.Stock/Left", from, to, .3)
				return p.skew(-3000)
			})...),
		} {
			r := trace(b, root)
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					findings.Find(r, findings.Options{})
				}
			})
		}
	}
}
