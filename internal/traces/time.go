package traces

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseTime reads a time as people give it: a duration before now such as 90m, 12h or
// 7d, or a UTC time such as 2026-01-02T15:04.
func ParseTime(s string) (time.Time, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Now().AddDate(0, 0, -int(n)), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return time.Now().Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a duration such as 90m, 12h or 7d nor a UTC time such as 2026-01-02T15:04", s)
}
