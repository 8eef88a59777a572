package race

import (
	"runtime/debug"
	"testing"
)

// Allocs returns how many allocations a call of f makes on average over runs calls,
// as [testing.AllocsPerRun] counts them, but without those caused by a garbage
// collection, which empties sync.Pools and may happen at any time on a busy
// machine. Allocations of other goroutines count too, so it returns the least of
// several measurements.
func Allocs(runs int, f func()) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	least := testing.AllocsPerRun(runs, f)
	for range 4 {
		least = min(least, testing.AllocsPerRun(runs, f))
	}
	return least
}
