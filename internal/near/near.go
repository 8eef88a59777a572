// Package near guesses what a name that is not known was meant to be.
package near

import "strings"

// Meant is the end of an error about a name that is not known: those of the known
// ones that are near to it, "" if none is.
func Meant(name string, known []string) string {
	var near []string
	for _, k := range known {
		if distance(name, k) <= max(1, min(len(name), len(k))/4) {
			near = append(near, k)
		}
	}
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}

// distance is how many letters have to be put in, left out, replaced, or swapped
// with the next one to make b of a.
func distance(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			other := 1
			if a[i-1] == b[j-1] {
				other = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+other)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
