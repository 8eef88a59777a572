// Package terminal makes text from anywhere safe to print on a terminal, and
// measures it.
package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

const (
	// maxMarks is how many accents one character may carry.
	maxMarks = 2
	// maxJoiners is how many joiners one emoji may have: four people.
	maxJoiners = 3
	joiner     = '\u200d'
)

// Clean returns s as one line that is safe to print on a terminal: runs of white
// space become a blank, and control characters, escapes, characters that change the
// direction of writing and everything else without a shape of its own become
// U+FFFD. Characters that join others into one emoji stay.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	if !utf8.ValidString(s) {
		s = string([]rune(s)) // with U+FFFD, which joins nothing
	}
	c := cleaner{blank: true} // none at the beginning
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		if shape := g.Value(); isFlag(shape) {
			c.out.WriteString(shape)
			c.blank, c.marks = false, 0
		} else {
			c.add(shape)
		}
	}
	return strings.TrimRight(c.out.String(), " ")
}

type cleaner struct {
	out   strings.Builder
	blank bool // the last
	marks int  // of the last character
}

// add adds the characters that make one shape.
func (c *cleaner) add(shape string) {
	joiners := 0
	for i, r := range shape {
		switch {
		case unicode.IsSpace(r):
			if !c.blank {
				c.out.WriteByte(' ')
			}
			c.blank = true
			continue
		case unicode.In(r, unicode.Mn, unicode.Me):
			if c.marks++; c.marks > maxMarks {
				continue
			}
		case r == joiner && joiners < maxJoiners && joins(shape[i+utf8.RuneLen(r):]):
			joiners++
		case !unicode.IsPrint(r):
			r, c.marks = unicode.ReplacementChar, 0
			joiners = maxJoiners // what follows has nothing to be joined to
		default:
			c.marks = 0
		}
		c.out.WriteRune(r)
		c.blank = false
	}
}

// joins reports whether an emoji continues after a joiner.
func joins(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return rest != "" && unicode.IsSymbol(r)
}

// isFlag reports whether a shape is one of the three flags that are written
// with tags, which have no shape elsewhere: of England, Scotland and Wales.
func isFlag(shape string) bool {
	const black, end = "🏴\U000e0067\U000e0062", "\U000e007f"
	switch shape {
	case black + "\U000e0065\U000e006e\U000e0067" + end,
		black + "\U000e0073\U000e0063\U000e0074" + end,
		black + "\U000e0077\U000e006c\U000e0073" + end:
		return true
	}
	return false
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

// Width returns how many columns a clean s takes on a terminal that draws an
// emoji of several characters as one.
func Width(s string) (columns int) {
	for _, r := range s {
		if !isNarrow(r) {
			return displaywidth.String(s)
		}
		columns++
	}
	return columns
}

// isNarrow is a quick test of whether a character takes one column whatever is next
// to it: ASCII, and the characters of our own texts and drawings.
func isNarrow(r rune) bool {
	return r < utf8.RuneSelf || r >= '─' && r <= '▟' || r == '…' || r == '×' || r == 'µ' || r == '→' || r == '≤'
}

// Cut cuts a clean s to at most the given number of columns; "…" replaces what was
// cut off.
func Cut(s string, columns int) string {
	if len(s) <= columns {
		return s
	}
	if columns <= 0 {
		return ""
	}
	used, at, kept := 0, 0, 0 // kept is what fits beside the "…"
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		if used += g.Width(); used > columns {
			return strings.TrimRight(s[:kept], " ") + "…"
		}
		if at += len(g.Value()); used < columns {
			kept = at
		}
	}
	return s
}

// CutMiddle is Cut with the "…" in the middle, since names differ at both ends. Two
// thirds of what is kept are from the beginning.
func CutMiddle(s string, columns int) string {
	if len(s) <= columns || Width(s) <= columns {
		return s
	}
	before := (columns - 1) * 2 / 3
	after := columns - 1 - before
	if columns < 8 {
		return Cut(s, columns)
	}
	head := strings.TrimSuffix(Cut(s, before+1), "…")
	used, at := Width(s), 0
	for g := displaywidth.StringGraphemes(s); used > after && g.Next(); {
		used -= g.Width()
		at += len(g.Value())
	}
	return head + "…" + strings.TrimLeft(s[at:], " ")
}
