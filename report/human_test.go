package report

import (
	"math"
	"testing"
	"time"
)

func TestHuman(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0 µs": 0, "999 µs": 999 * time.Microsecond, "1.00 ms": time.Millisecond, "9.99 ms": 9994 * time.Microsecond,
		"10.0 ms": 9996 * time.Microsecond, "28.1 ms": 28100 * time.Microsecond, "100 ms": 99960 * time.Microsecond,
		"-1.50 ms": -1500 * time.Microsecond, "1.23 s": 1234 * time.Millisecond, "59.9 s": 59900 * time.Millisecond,
		"1m 05s": 65 * time.Second, "3h 05m": 185 * time.Minute, "2d 03h": 51 * time.Hour, "106751d 23h": duration(1 << 62),
		"-106751d 23h": math.MinInt64,
	} {
		if got := human(d); got != want {
			t.Errorf("%d: got %q, want %q", d, got, want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for want, n := range map[string]int{"0": 0, "999": 999, "1,000": 1000, "12,345,678": 12345678} {
		if got := grouped(n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
