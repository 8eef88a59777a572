// Package saturate adds without overflow.
package saturate

import "math"

// Add returns a + b. If that overflows, it returns the nearest value that can be
// negated.
func Add[T ~int64](a, b T) T {
	s := a + b
	switch {
	case a > 0 && b > 0 && s < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && (s >= 0 || s == math.MinInt64):
		return -math.MaxInt64
	}
	return s
}
