package profiler

import (
	"strings"
	"unicode/utf8"
)

// maxName is how many characters a name may have; OSProfiler's SQL columns
// hold 255, and "-start" is added to a point's name.
const maxName = 200

// cleanName makes a point's name fit for storage: without dashes, since readers cut
// a record's name at its first dash, and not too long.
func cleanName(name string) string {
	if strings.IndexByte(name, '-') >= 0 {
		name = strings.ReplaceAll(name, "-", "_")
	}
	if name == "" {
		return "unnamed"
	}
	return cut(name)
}

// cut cuts s to maxName characters.
func cut(s string) string {
	if len(s) <= maxName || utf8.RuneCountInString(s) <= maxName {
		return s
	}
	n := 0
	for i := range s {
		if n++; n > maxName {
			return s[:i]
		}
	}
	return s
}
