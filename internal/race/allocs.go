package race

import (
	"runtime/debug"
	"testing"
)

// Allocs is how many allocations a call of f makes on average over so many
// runs, as [testing.AllocsPerRun] counts them, without those of a garbage
// collection: sync.Pools forget at one, and a busy machine has one whenever it
// likes. What other goroutines allocate meanwhile counts too, so it is the
// least of several measurements.
func Allocs(runs int, f func()) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	least := testing.AllocsPerRun(runs, f)
	for range 4 {
		least = min(least, testing.AllocsPerRun(runs, f))
	}
	return least
}
