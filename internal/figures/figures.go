// Package figures writes numbers and durations for people to read.
package figures

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration writes a duration with three digits: "812 µs", "28.1 ms", "2m 05s".
func Duration(d time.Duration) string {
	if d < 0 {
		return "-" + Duration(-max(d, -math.MaxInt64)) // the least Duration has no opposite
	}
	switch {
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	case d < time.Second:
		return threeDigits(float64(d)/float64(time.Millisecond)) + " ms"
	case d < time.Minute:
		return threeDigits(d.Seconds()) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%dm %02ds", d/time.Minute, d/time.Second%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh %02dm", d/time.Hour, d/time.Minute%60)
	}
	return fmt.Sprintf("%dd %02dh", d/(24*time.Hour), d/time.Hour%24)
}

func threeDigits(f float64) string {
	switch {
	case f < 9.995:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case f < 99.95:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}

// Grouped writes a count with commas between the thousands.
func Grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted returns n with its noun, which is given in the singular: "1 point",
// "2 points".
func Counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Grouped(n) + " " + one + "s"
}

// Mean writes how many there are in the mean: "20", "2.4", "0.25".
func Mean(n float64) string {
	if n >= 100 {
		return Grouped(int(math.Round(n)))
	}
	if 0 < n && n < 0.01 {
		return "<0.01"
	}
	digits := 1
	if n < 1 {
		digits = 2
	}
	text := strconv.FormatFloat(n, 'f', digits, 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// Share writes a part of one in percent: "73 %", "<1 %".
func Share(part float64) string {
	if part < 0.01 {
		return "<1 %"
	}
	return strconv.FormatFloat(100*part, 'f', 0, 64) + " %"
}
