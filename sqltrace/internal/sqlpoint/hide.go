package sqlpoint

import (
	"database/sql/driver"
	"errors"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/sqltext"
)

// Given is what a call sent to the database. It is kept until its point ends.
type Given struct {
	Query   string
	Args    []driver.NamedValue
	Prepare time.Duration // how long preparing took, if the point is to say it
	Opaque  bool          // values were sent or read that are not among Args
}

// shortest is how many characters a value must have to be told apart from a word
// that happens to occur in an error's text.
const shortest = 4

// hide replaces the values that the call has sent with question marks in the text
// of err. Values shorter than [shortest] are replaced only where drivers quote
// values. PostgreSQL's Detail and Where are removed, since they quote whole rows, and
// so are the values that pgx could not encode, which it prints in Go's syntax. If
// there may be other values too, all that is quoted is replaced, but for names.
func (c *Config) hide(g Given, err error) func(text string) string {
	if c.Statements.Literals {
		return nil
	}
	return func(text string) string {
		for _, name := range []string{"Detail", "Where"} {
			if f, ok := field(err, name, reflect.String); ok && f.Len() > 0 {
				text = strings.ReplaceAll(text, f.String(), "")
			}
		}
		text = unencoded.ReplaceAllString(text, "unable to encode ? into ")
		for _, value := range c.values(g) {
			if utf8.RuneCountInString(value) < shortest {
				text = hideQuoted(text, value)
			} else {
				text = hideAll(text, value)
			}
		}
		if g.Opaque {
			text = hideQuotations(text, names(err))
		}
		return text
	}
}

// unencoded is how pgx tells of values that it could not encode.
var unencoded = regexp.MustCompile(`(?s)unable to encode .* into `)

// names are those that PostgreSQL's errors tell of, which are no values.
func names(err error) (all []string) {
	for _, name := range []string{"SchemaName", "TableName", "ColumnName", "DataTypeName", "ConstraintName"} {
		if f, ok := field(err, name, reflect.String); ok {
			all = append(all, f.String())
		}
	}
	return all
}

// hideQuotations replaces all that is quoted and not one of names. What is quoted may
// have marks in it, so a quotation lasts until the last mark of its kind.
func hideQuotations(text string, names []string) string {
	var b strings.Builder
	for text != "" {
		start, end := quoted(text)
		b.WriteString(text[:start])
		switch {
		case start == end:
		case slices.Contains(names, text[start:end]):
			b.WriteString(text[start:end])
		default:
			b.WriteByte('?')
			end = strings.LastIndexByte(text, text[end])
		}
		if end < len(text) { // the closing mark begins no quotation
			b.WriteByte(text[end])
			end++
		}
		text = text[end:]
	}
	return b.String()
}

// values are the texts of the literals and arguments in g.
func (c *Config) values(g Given) (all []string) {
	for _, literal := range sqltext.Literals(g.Query, c.Statements.Dialect) {
		all = append(all, literal)
		if plain := strings.ReplaceAll(literal, "''", "'"); plain != literal {
			all = append(all, plain)
		}
	}
	for i := range g.Args {
		switch v := g.Args[i].Value.(type) {
		case string:
			all = append(all, v)
		case []byte:
			all = append(all, string(v))
		case int64:
			all = append(all, strconv.FormatInt(v, 10))
		case float64:
			all = append(all, strconv.FormatFloat(v, 'g', -1, 64))
		}
	}
	return all
}

// longPrefix is how much of a value gives it away: databases truncate long values.
const longPrefix = 8

// hideAll replaces value, and what a database has left of its beginning.
func hideAll(text, value string) string {
	text = strings.ReplaceAll(text, value, "?")
	if len(value) <= longPrefix {
		return text
	}
	for from := 0; ; {
		i := strings.Index(text[from:], value[:longPrefix])
		if i < 0 {
			return text
		}
		i += from
		n := longPrefix
		for n < len(value) && i+n < len(text) && value[n] == text[i+n] {
			n++
		}
		text = text[:i] + "?" + text[i+n:]
		from = i + 1
	}
}

// hideQuoted replaces value as a word where drivers quote values: in quotation
// marks, and in PostgreSQL's "(column)=(value)".
func hideQuoted(text, value string) string {
	if value == "" {
		return text
	}
	var b strings.Builder
	for text != "" {
		start, end := quoted(text)
		b.WriteString(text[:start])
		b.WriteString(hideWords(text[start:end], value))
		text = text[end:]
	}
	return b.String()
}

// quoted returns the position of the first quotation in text, without its marks; it
// is empty and at the end if there is none.
func quoted(text string) (start, end int) {
	for i := range len(text) {
		closing := text[i]
		switch {
		case closing == '\'' && isWord(text, i-1) && isWord(text, i+1): // can't
			continue
		case closing == '\'' || closing == '"' || closing == '`':
		case closing == '(' && i > 0 && text[i-1] == '=':
			closing = ')'
		default:
			continue
		}
		if n := strings.IndexByte(text[i+1:], closing); n >= 0 {
			return i + 1, i + 1 + n
		}
	}
	return len(text), len(text)
}

func hideWords(text, value string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, value)
		if i < 0 {
			return b.String() + text
		}
		after := text[i+len(value):]
		if isWord(text[:i], len(text[:i])-1) || isWord(after, 0) {
			b.WriteString(text[:i+len(value)])
		} else {
			b.WriteString(text[:i] + "?")
		}
		text = after
	}
}

// isWord reports whether the byte of text at i belongs to a word.
func isWord(text string, i int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	c := text[i]
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf
}

// errorCode is the database's own code for err: the SQLSTATE, or the number of
// MySQL or SQLite.
func errorCode(err error) (slog.Attr, bool) {
	const key = "error_code"
	var state interface{ SQLState() string }
	if errors.As(err, &state) && state.SQLState() != "" {
		return slog.String(key, state.SQLState()), true
	}
	if f, ok := field(err, "Number", reflect.Uint16); ok {
		return slog.Uint64(key, f.Uint()), true
	}
	var code interface{ Code() int }
	if errors.As(err, &code) {
		return slog.Int(key, code.Code()), true
	}
	return slog.Attr{}, false
}

// field is a field of the first error in the chain that has it. Drivers' errors are
// recognised by their fields, since this package must not import drivers.
func field(err error, name string, kind reflect.Kind) (reflect.Value, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct {
			continue
		}
		if f := v.FieldByName(name); f.IsValid() && f.Kind() == kind {
			return f, true
		}
	}
	return reflect.Value{}, false
}
