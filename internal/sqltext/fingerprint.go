// Package sqltext removes the literals from SQL statements, so that statements that
// differ only in them can be recognised as the same.
package sqltext

import "bytes"

// Dialect says what quotes mean.
type Dialect uint8

const (
	// Standard is for PostgreSQL, SQLite and all others: "x" is a name.
	Standard Dialect = iota
	// MySQL is for MySQL and MariaDB: "x" is a string, and a backslash escapes
	// in strings.
	MySQL
)

// MaxInput is how many bytes of a statement are read.
const MaxInput = 16 << 10

// maxOutput is how long a fingerprint may be.
const maxOutput = 2 << 10

// more ends a text that does not stand for the whole statement.
const more = "…"

// Fingerprint returns statement with a question mark for every literal and
// every placeholder, without comments, with single spaces. A list of values
// counts as one value, and a list of equal groups in parentheses as one group,
// so the number of rows inserted or of values after IN makes no difference.
// Upper and lower case are left alone.
//
// Nothing of a literal is left. In dialects other than MySQL, text in double quotes
// is a name and not a literal. If the end of a literal is in doubt because there is
// a backslash before a quote, the rest of the statement counts as part of it. The
// statement may be any text.
func Fingerprint(statement string, d Dialect) string {
	l := lexer{in: statement, mysql: d == MySQL}
	return l.run(maxOutput)
}

// WithoutLiterals returns statement with a question mark for every literal and
// without comments. Everything else, including lists, blanks and placeholders, is
// unchanged. The rules for literals are those of [Fingerprint]; what comes after
// MaxInput bytes is cut off.
func WithoutLiterals(statement string, d Dialect) string {
	l := lexer{in: statement, mysql: d == MySQL, faithful: true}
	return l.run(MaxInput)
}

// Literals returns the literals of statement, strings without their quotes.
func Literals(statement string, d Dialect) (all []string) {
	l := lexer{in: statement, mysql: d == MySQL, literal: func(text string) { all = append(all, text) }}
	l.run(MaxInput)
	return all
}

type lexer struct {
	in       string
	pos      int
	out      []byte
	mysql    bool
	faithful bool         // the statement stays as it is but for literals and comments
	literal  func(string) // gets each literal; nil: nobody asks
	cut      bool
	open     []int // where in out the parentheses stand that are open
}

// run reads the statement until its end or so many bytes of output.
func (l *lexer) run(most int) string {
	l.out = make([]byte, 0, min(len(l.in), most)+len(more))
	if len(l.in) > MaxInput {
		l.in, l.cut = l.in[:MaxInput], true
	}
	for l.pos < len(l.in) && len(l.out) < most {
		l.token()
	}
	return l.finish()
}

// finish ends the text. What a fingerprint that was cut ends with is by chance,
// so it goes back to the last parenthesis that was closed.
func (l *lexer) finish() string {
	if l.pos < len(l.in) {
		l.cut = true
	}
	switch {
	case l.faithful && l.cut:
		return string(append(l.out, more...))
	case l.faithful:
		return string(l.out)
	case !l.cut:
		return string(bytes.TrimRight(l.out, " ;"))
	}
	if len(l.open) > 0 {
		l.out = l.out[:l.open[0]]
	}
	return string(append(bytes.TrimRight(l.out, " ,"), more...))
}
