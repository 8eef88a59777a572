// Package sqltext takes the literals out of SQL statements, so that statements
// which differ in them only can be told to be the same.
package sqltext

import (
	"bytes"
	"strings"
)

// Dialect says how quotes are read.
type Dialect uint8

const (
	// Standard is for PostgreSQL, SQLite and all others: "x" is a name.
	Standard Dialect = iota
	// MySQL is for MySQL and MariaDB: "x" is a string, and a backslash escapes
	// in strings.
	MySQL
)

// MaxInput is how many bytes of a statement are looked at.
const MaxInput = 16 << 10

// maxOutput is how long a fingerprint may be.
const maxOutput = 2 << 10

// more ends a fingerprint that does not stand for the whole statement.
const more = "…"

// Fingerprint returns statement with a question mark for every literal and
// every placeholder, without comments, with single spaces. A list of values
// counts as one value, and a list of equal groups in parentheses as one group,
// so the number of rows inserted or of values after IN makes no difference.
// Upper and lower case are left alone.
//
// Of a literal nothing is left, with one exception: outside of MySQL, text in
// double quotes is a name. Where the end of a literal is in doubt, since a
// backslash stands before a quote, the rest of the statement is taken to be
// part of it. Any text at all can be given.
func Fingerprint(statement string, d Dialect) string {
	l := lexer{in: statement, mysql: d == MySQL, out: make([]byte, 0, min(len(statement), maxOutput)+len(more))}
	if len(l.in) > MaxInput {
		l.in, l.cut = l.in[:MaxInput], true
	}
	for l.pos < len(l.in) && len(l.out) < maxOutput {
		l.token()
	}
	return l.finish()
}

type lexer struct {
	in    string
	pos   int
	out   []byte
	mysql bool
	cut   bool
	open  []int // where in out the parentheses stand that are open
}

// finish ends the text. What a statement that was cut ends with is by chance,
// so it goes back to the last parenthesis that was closed.
func (l *lexer) finish() string {
	if l.pos < len(l.in) {
		l.cut = true
	}
	if !l.cut {
		return string(bytes.TrimRight(l.out, " ;"))
	}
	if len(l.open) > 0 {
		l.out = l.out[:l.open[0]]
	}
	return string(append(bytes.TrimRight(l.out, " ,"), more...))
}

// peek is the byte n behind the current one, 0 at the end.
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
		l.space()
	case c == '-' && l.peek(1) == '-' && (!l.mysql || l.peek(2) <= ' '), c == '#' && l.mysql:
		l.skipPast("\n")
		l.space()
	case c == '/' && l.peek(1) == '*':
		l.comment()
		l.space()
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
		l.pos++
		l.digits()
		l.value()
	case c == ':' && l.peek(1) == ':':
		l.pos += 2
		l.out = append(l.out, "::"...)
	case c == ':' && isName(l.peek(1)), c == '@' && isName(l.peek(1)) && !l.after('@'):
		l.pos++
		l.name()
		l.value()
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

func (l *lexer) space() {
	if n := len(l.out); n > 0 && l.out[n-1] != ' ' {
		l.out = append(l.out, ' ')
	}
}

// value writes a question mark, unless it is the next one of a list.
func (l *lexer) value() {
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
	l.value()
	for l.pos++; l.pos < len(l.in); l.pos++ {
		switch l.in[l.pos] {
		case '\\':
			switch {
			case escapes:
				l.pos++
			case l.peek(1) == quote:
				l.pos, l.cut = len(l.in), true
				return
			}
		case quote:
			if l.peek(1) != quote {
				l.pos++
				return
			}
			l.pos++
		}
	}
	l.pos = len(l.in)
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
	l.value() // without an end: who knows what it is
}

// number skips a number in any notation.
func (l *lexer) number() {
	for l.pos < len(l.in) {
		c := l.in[l.pos]
		exponent := (c == '+' || c == '-') && isDigit(l.peek(1)) && l.in[l.pos-1]|0x20 == 'e'
		if !isName(c) && c != '.' && !exponent {
			break
		}
		l.pos++
	}
	l.value()
}

// dollar reads $1, $tag$…$tag$ or a lone dollar.
func (l *lexer) dollar() {
	start := l.pos
	l.pos++
	if isDigit(l.peek(0)) {
		l.digits()
		l.value()
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
	l.skipPast(l.in[start:l.pos])
	l.value()
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

// afterName says that a point here is one between two names.
func (l *lexer) afterName() bool {
	n := len(l.out)
	return n > 0 && (isName(l.out[n-1]) || l.out[n-1] == '"' || l.out[n-1] == '`')
}

// afterOperator says that a sign here cannot join two operands.
func (l *lexer) afterOperator() bool {
	b := bytes.TrimRight(l.out, " ")
	return len(b) == 0 || strings.IndexByte("=<>(,+-*/%|&", b[len(b)-1]) >= 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isName(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c >= 0x80
}
