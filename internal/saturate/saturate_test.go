package saturate

import (
	"math"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAdd(t *testing.T) {
	for _, tt := range []struct{ a, b, want int64 }{
		{1, 2, 3}, {math.MaxInt64, 1, math.MaxInt64}, {math.MinInt64, -1, -math.MaxInt64}, {-math.MaxInt64, -1, -math.MaxInt64},
		{math.MaxInt64, math.MinInt64, -1}, {math.MinInt64, math.MinInt64, -math.MaxInt64},
	} {
		if got := Add(tt.a, tt.b); got != tt.want {
			t.Errorf("%d + %d = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
