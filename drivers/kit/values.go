package kit

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseBool parses true, 1, on and yes, and their opposites, as oslo.config does.
func ParseBool(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1", "on", "yes":
		return true, nil
	case "false", "0", "off", "no":
		return false, nil
	}
	return false, errors.New("is neither true nor false")
}

// ParseDuration parses a duration above 0, such as 90s, 1.5h or 30d, or a plain
// number of seconds, which is how OSProfiler and most client libraries write it.
func ParseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if seconds, notNumber := strconv.ParseFloat(text, 64); notNumber == nil && math.Abs(seconds) < 1e9 {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || d <= 0 {
		return 0, errors.New("is not a duration above 0, such as 90s, nor a number of seconds")
	}
	return d, nil
}

// ParseAge parses how old something may become: a duration, or 0 for ever.
func ParseAge(text string) (time.Duration, error) {
	if strings.TrimSpace(text) == "0" {
		return 0, nil
	}
	d, err := ParseDuration(text)
	if err != nil {
		err = errors.New("is neither a duration, such as 30d or 72h, nor 0 for ever")
	}
	return d, err
}

// ParseCount parses a whole number above 0.
func ParseCount(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n <= 0 {
		return 0, errors.New("is not a whole number above 0")
	}
	return n, nil
}
