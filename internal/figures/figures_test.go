package figures

import (
	"math"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0 µs": 0, "999 µs": 999 * time.Microsecond, "1.00 ms": time.Millisecond, "9.99 ms": 9994 * time.Microsecond,
		"10.0 ms": 9996 * time.Microsecond, "28.1 ms": 28100 * time.Microsecond, "100 ms": 99960 * time.Microsecond,
		"-1.50 ms": -1500 * time.Microsecond, "1.23 s": 1234 * time.Millisecond, "59.9 s": 59900 * time.Millisecond,
		"1m 05s": 65 * time.Second, "3h 05m": 185 * time.Minute, "2d 03h": 51 * time.Hour, "106751d 23h": (1<<63 - 1) / 1000 * 1000,
		"-106751d 23h": math.MinInt64,
	} {
		if got := Duration(d); got != want {
			t.Errorf("%d: got %q, want %q", d, got, want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for want, n := range map[string]int{"0": 0, "999": 999, "1,000": 1000, "12,345,678": 12345678} {
		if got := Grouped(n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMean(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 1: "1", 20: "20", 0.005: "<0.01", 0.25: "0.25", 0.999: "1", 2.44: "2.4", 99.96: "100", 12345.6: "12,346"} {
		if got := Mean(n); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
	}
}

func TestShare(t *testing.T) {
	for want, part := range map[string]float64{"<1 %": 0.0099, "1 %": 0.01, "73 %": 0.729, "100 %": 1} {
		if got := Share(part); got != want {
			t.Errorf("%g: got %q, want %q", part, got, want)
		}
	}
}
