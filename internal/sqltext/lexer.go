package sqltext

import (
	"bytes"
	"strings"
)

// peek is the byte n after the current one, or 0 at the end.
func (l *lexer) peek(n int) byte {
	if l.pos+n < len(l.in) {
		return l.in[l.pos+n]
	}
	return 0
}

func (l *lexer) token() {
	switch c := l.in[l.pos]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v' || c == 0:
		l.pos++
		l.space(c)
	case c == '-' && l.peek(1) == '-' && (!l.mysql || l.peek(2) <= ' '), c == '#' && l.mysql:
		l.skipPast("\n")
		l.space('\n')
	case c == '/' && l.peek(1) == '*':
		l.comment()
		if !l.faithful || len(l.out) > 0 && isName(l.out[len(l.out)-1]) && isName(l.peek(0)) {
			l.space(' ')
		}
	case c == '\'' || c == '"' && l.mysql:
		l.str(c, l.mysql)
	case c == '"' || c == '`':
		l.quotedName(c)
	case isDigit(c) || c == '.' && isDigit(l.peek(1)) && !l.afterName():
		l.number()
	case (c == '-' || c == '+') && (isDigit(l.peek(1)) || l.peek(1) == '.' && isDigit(l.peek(2))) && l.afterOperator():
		l.pos++ // a sign
	case c == '$':
		l.dollar()
	case c == '?':
		start := l.pos
		l.pos++
		l.digits()
		l.placeholder(start)
	case c == ':' && l.peek(1) == ':':
		l.pos += 2
		l.out = append(l.out, "::"...)
	case c == ':' && isName(l.peek(1)), c == '@' && isName(l.peek(1)) && !l.after('@'):
		start := l.pos
		l.pos++
		l.name()
		l.placeholder(start)
	case isName(c):
		l.word()
	case c == '(':
		l.pos++
		l.open = append(l.open, len(l.out))
		l.out = append(l.out, '(')
	case c == ')':
		l.pos++
		l.closeGroup()
	default:
		l.pos++
		l.out = append(l.out, c)
	}
}

// space writes c, or a blank if there is none yet.
func (l *lexer) space(c byte) {
	if l.faithful {
		l.out = append(l.out, c)
		return
	}
	if n := len(l.out); n > 0 && l.out[n-1] != ' ' {
		l.out = append(l.out, ' ')
	}
}

// placeholder writes what stands for an argument and begins at start.
func (l *lexer) placeholder(start int) {
	if l.faithful {
		l.out = append(l.out, l.in[start:l.pos]...)
		return
	}
	l.mark()
}

// value writes a question mark for the literal text.
func (l *lexer) value(text string) {
	if l.literal != nil {
		l.literal(text)
	}
	l.mark()
}

// mark writes a question mark, unless it is the next one of a list.
func (l *lexer) mark() {
	if l.faithful {
		l.out = append(l.out, '?')
		return
	}
	before := bytes.TrimRight(l.out, " ")
	if list, ok := bytes.CutSuffix(before, []byte{','}); ok {
		if list = bytes.TrimRight(list, " "); bytes.HasSuffix(list, []byte{'?'}) {
			l.out = list
			return
		}
	}
	l.out = append(l.out, '?')
}

// closeGroup ends a group in parentheses, and drops it if it equals the one
// before it in a list.
func (l *lexer) closeGroup() {
	if l.faithful {
		l.out = append(l.out, ')')
		return
	}
	if n := len(l.out); n > 0 && l.out[n-1] == ' ' {
		l.out = l.out[:n-1]
	}
	l.out = append(l.out, ')')
	n := len(l.open) - 1
	if n < 0 {
		return
	}
	start := l.open[n]
	l.open = l.open[:n]
	if start >= len(l.out) {
		return
	}
	list, ok := bytes.CutSuffix(bytes.TrimRight(l.out[:start], " "), []byte{','})
	if list = bytes.TrimRight(list, " "); ok && bytes.HasSuffix(list, l.out[start:]) {
		l.out = list
	}
}

func (l *lexer) skipPast(end string) {
	if i := strings.Index(l.in[l.pos:], end); i >= 0 {
		l.pos += i + len(end)
		return
	}
	l.pos = len(l.in)
}

// comment skips a comment. They nest in PostgreSQL; elsewhere that hides more
// than it should, which does no harm.
func (l *lexer) comment() {
	depth := 0
	for l.pos < len(l.in) {
		switch {
		case l.in[l.pos] == '/' && l.peek(1) == '*' && (depth == 0 || !l.mysql):
			depth++
			l.pos += 2
		case l.in[l.pos] == '*' && l.peek(1) == '/':
			depth--
			l.pos += 2
			if depth == 0 {
				return
			}
		default:
			l.pos++
		}
	}
	l.pos = len(l.in)
}

// str skips a string. Where a backslash may or may not escape the quote that
// follows it, all that follows may be a part of the string.
func (l *lexer) str(quote byte, escapes bool) {
	start := l.pos + 1
	for l.pos = start; l.pos < len(l.in); l.pos++ {
		switch l.in[l.pos] {
		case '\\':
			switch {
			case escapes:
				l.pos++
			case l.peek(1) == quote:
				l.value(l.in[start:])
				l.pos, l.cut = len(l.in), true
				return
			}
		case quote:
			if l.peek(1) != quote {
				l.value(l.in[start:l.pos])
				l.pos++
				return
			}
			l.pos++
		}
	}
	l.pos = len(l.in)
	l.value(l.in[min(start, l.pos):])
}

func (l *lexer) quotedName(quote byte) {
	start := l.pos
	for l.pos++; l.pos < len(l.in); l.pos++ {
		if l.in[l.pos] != quote {
			continue
		}
		if l.peek(1) != quote {
			l.pos++
			l.out = append(l.out, l.in[start:l.pos]...)
			return
		}
		l.pos++
	}
	l.value(l.in[start+1:]) // without an end: who knows what it is
}

// number skips a number in any notation.
func (l *lexer) number() {
	start := l.pos
	for l.pos < len(l.in) {
		c := l.in[l.pos]
		exponent := (c == '+' || c == '-') && isDigit(l.peek(1)) && l.in[l.pos-1]|0x20 == 'e'
		if !isName(c) && c != '.' && !exponent {
			break
		}
		l.pos++
	}
	l.value(l.in[start:l.pos])
}

// dollar reads $1, $tag$…$tag$ or a lone dollar.
func (l *lexer) dollar() {
	start := l.pos
	l.pos++
	if isDigit(l.peek(0)) {
		l.digits()
		l.placeholder(start)
		return
	}
	for isName(l.peek(0)) {
		l.pos++
	}
	if l.peek(0) != '$' {
		l.out = append(l.out, l.in[start:l.pos]...)
		return
	}
	l.pos++
	tag, inner := l.in[start:l.pos], l.pos
	l.skipPast(tag)
	l.value(strings.TrimSuffix(l.in[inner:l.pos], tag))
}

// word copies a name or a keyword. E'…' is a string with escapes.
func (l *lexer) word() {
	start := l.pos
	for l.pos < len(l.in) && (isName(l.in[l.pos]) || l.in[l.pos] == '$') {
		l.pos++
	}
	l.out = append(l.out, l.in[start:l.pos]...)
	if l.peek(0) == '\'' && l.pos-start == 1 && l.in[start]|0x20 == 'e' {
		l.str('\'', true)
	}
}

func (l *lexer) name() {
	for isName(l.peek(0)) {
		l.pos++
	}
}

func (l *lexer) digits() {
	for isDigit(l.peek(0)) {
		l.pos++
	}
}

func (l *lexer) after(c byte) bool { return len(l.out) > 0 && l.out[len(l.out)-1] == c }

// afterName reports whether a dot here is one between two names.
func (l *lexer) afterName() bool {
	n := len(l.out)
	return n > 0 && (isName(l.out[n-1]) || l.out[n-1] == '"' || l.out[n-1] == '`')
}

// afterOperator reports whether a sign here cannot join two operands.
func (l *lexer) afterOperator() bool {
	b := bytes.TrimRight(l.out, " ")
	return len(b) == 0 || strings.IndexByte("=<>(,+-*/%|&", b[len(b)-1]) >= 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isName(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c >= 0x80
}
