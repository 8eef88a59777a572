package record

import (
	"testing"
	"time"
)

func TestParseTimestamp(t *testing.T) {
	tests := []struct {
		in   string
		want string // RFC 3339; "" if it cannot be read
		odd  bool
	}{
		{"2026-01-02T03:04:05.000006", "2026-01-02T03:04:05.000006Z", false},
		{"1970-01-01T00:00:00.000000", "1970-01-01T00:00:00Z", false},
		{"0001-01-01T00:00:00.000000", "0001-01-01T00:00:00Z", false},
		{"9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999Z", false},
		{"2024-02-29T12:00:00.500000", "2024-02-29T12:00:00.5Z", false},
		{"1900-03-01T00:00:00.000000", "1900-03-01T00:00:00Z", false},
		{"2026-1-2T3:4:5.5", "2026-01-02T03:04:05.5Z", false},
		{"2026-01-02T03:04:05", "2026-01-02T03:04:05Z", true},
		{"2026-01-02T03:04:05.000000123", "2026-01-02T03:04:05Z", true},
		{"2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z", true},
		{"2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", true},
		{"2026-01-02 03:04:05.000006", "2026-01-02T03:04:05.000006Z", true},
		{" 2026-01-02T03:04:05.000006\n", "2026-01-02T03:04:05.000006Z", true},
		{"2026-01-02T03:04:05.000006+02:00", "2026-01-02T01:04:05.000006Z", true},
		{"2026-01-02T03:04:05-0130", "2026-01-02T04:34:05Z", true},
		{"2026-01-02 03:04:05 +02", "2026-01-02T01:04:05Z", true},
		{"2026-01-02T03:04:05,25", "2026-01-02T03:04:05.25Z", true},
		{"", "", false},
		{"yesterday", "", false},
		{"2026-01-02", "", false},
		{"2026-01-02T", "", false},
		{"2026-01-02T03:04", "", false},
		{"2026-13-02T03:04:05.000006", "", false},
		{"2026-00-02T03:04:05.000006", "", false},
		{"2026-01-32T03:04:05.000006", "", false},
		{"2026-01-00T03:04:05.000006", "", false},
		{"2026-01-02T24:04:05.000006", "", false},
		{"2026-01-02T03:60:05.000006", "", false},
		{"2026-01-02T03:04:61.000006", "", false},
		{"2026-01-02T03:04:0x.000006", "", false},
		{"2026-01-02T03:04:05.000006X", "", false},
		{"2026-01-02T03:04:05+", "", false},
		{"2026-01-02T03:04:05+25:00", "", false},
		{"2026-01-02T03:04:05+02:0", "", false},
		{"2026-01-02T03:04:05Zulu", "", false},
		{"1767323045", "", false},
	}
	for _, tt := range tests {
		micros, odd, ok := ParseTimestamp(tt.in)
		got := ""
		if ok {
			got = time.UnixMicro(micros).UTC().Format(time.RFC3339Nano)
		}
		if got != tt.want || ok && odd != tt.odd {
			t.Errorf("%q: got %q, odd %v, want %q, %v", tt.in, got, odd, tt.want, tt.odd)
		}
	}
}

// FuzzParseTimestamp compares with package time.
func FuzzParseTimestamp(f *testing.F) {
	f.Add("2026-01-02T03:04:05.000006")
	f.Add("2024-02-29 3:4:5Z")
	f.Fuzz(func(t *testing.T, s string) {
		micros, _, ok := ParseTimestamp(s)
		want, err := time.Parse("2006-01-02T15:04:05.000000", s)
		if err == nil && len(s) == len(usualForm) && want.Year() > 0 {
			if !ok || micros != want.UnixMicro() {
				t.Errorf("%q: got %v, %v", s, time.UnixMicro(micros).UTC(), ok)
			}
		}
	})
}
