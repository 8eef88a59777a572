package markdown

import "strings"

// escape writes a line of clean text so that Markdown shows it as it is: what
// has a meaning to it, to HTML or to a table is escaped, and so is what would
// become a link by itself. A space without width, which HTML writes as &#8203;,
// keeps "@name" and "#1" from becoming a mention or a reference.
func escape(line string) string {
	var out strings.Builder
	for i, c := range line {
		if c == '|' { // readers differ on what a backslash before it escapes
			out.WriteString("&#124;")
			continue
		}
		if special(line, i, c) {
			out.WriteByte('\\')
		}
		out.WriteRune(c)
		if c == '#' || c == '@' {
			out.WriteString("&#8203;")
		}
	}
	return out.String()
}

// special says whether the character at i may have a meaning.
func special(line string, i int, c rune) bool {
	switch c {
	case '\\', '`', '*', '_', '[', ']', '<', '>', '&', '~', '$', '#', '@':
		return true
	case '+', '-': // of a list
		return i == 0
	case '.', ')': // of a list's number, and "www."
		return strings.Trim(line[:i], "0123456789") == "" || c == '.' && i >= 3 && strings.EqualFold(line[i-3:i], "www")
	case ':': // "https://"
		return strings.HasPrefix(line[i+1:], "/")
	}
	return false
}

// longestRun is how often c stands in a row in text, at most.
func longestRun(text string, c byte) (longest int) {
	run := 0
	for i := range len(text) {
		if run++; text[i] != c {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}
