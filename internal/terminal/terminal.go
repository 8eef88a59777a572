// Package terminal makes text from anywhere safe to print on a terminal, and
// measures it.
package terminal

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// maxMarks is how many accents one character may carry.
const maxMarks = 2

// Clean returns s as one line that does nothing to a terminal: white space
// becomes a blank, and control characters, escapes, characters that change the
// direction of writing and everything else that has no shape of its own become
// U+FFFD.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	blank := true // none at the beginning
	marks := 0
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > maxMarks {
				continue
			}
		case !unicode.IsPrint(r):
			r, marks = unicode.ReplacementChar, 0
		default:
			marks = 0
		}
		b.WriteRune(r)
		blank = false
	}
	return strings.TrimRight(b.String(), " ")
}

// isPlain reports whether s is printable ASCII with single blanks inside.
func isPlain(s string) bool {
	before := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && before == ' ' {
			return false
		}
		before = s[i]
	}
	return before != ' ' || s == ""
}

// Width returns how many columns a clean s takes.
func Width(s string) (columns int) {
	for _, r := range s {
		columns += runeWidth(r)
	}
	return columns
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Cut returns a clean s in at most so many columns; what was cut off is shown
// as "…".
func Cut(s string, columns int) string {
	if len(s) <= columns || Width(s) <= columns {
		return s
	}
	if columns <= 0 {
		return ""
	}
	used := 0
	for i, r := range s {
		if used += runeWidth(r); used > columns-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}

// Left returns a clean s in exactly so many columns, cut or with blanks behind
// it.
func Left(s string, columns int) string {
	s = Cut(s, columns)
	return s + strings.Repeat(" ", max(0, columns-Width(s)))
}

// Right is Left with the blanks in front.
func Right(s string, columns int) string {
	s = Cut(s, columns)
	return strings.Repeat(" ", max(0, columns-Width(s))) + s
}
