package sqlpoint

import (
	"log/slog"
	"testing"

	"github.com/sonde-go/sonde/profiler"
)

// TestCount: what is said of a number is the same whether it is new or known.
func TestCount(t *testing.T) {
	for range 2 {
		for _, n := range []int64{-1, 0, 1, int64(len(read)) - 1, int64(len(read)), 1 << 40} {
			if got, want := Rows(n).shown, profiler.Encode(slog.Int64("rows", n)); got != want {
				t.Errorf("%d: %v, want %v", n, got, want)
			}
			if got, want := Affected(n).shown, profiler.Encode(slog.Int64("rows_affected", n)); got != want {
				t.Errorf("%d: %v, want %v", n, got, want)
			}
		}
	}
}
