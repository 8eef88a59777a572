package layer

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Masked is stored in place of a masked value.
const Masked = "***"

// Mask decides by name which values of a program's data are not stored: its own
// attributes, URL parameters and named SQL arguments. Members that a layer itself
// declares are never masked. The zero Mask is the default: it hides values whose
// names say that they are secrets.
//
// Names are compared word by word, ignoring case: a word ends at anything but a
// letter, and before a capital letter ("accessToken", "X-Api-Key"). The secrets
// are token, secret, password, passwd, pwd, signature, sig, session,
// cookie, authorization, apikey, "api key", "access key" and "private key"; in URL queries
// also names that are just code or state, which OAuth uses there. A Mask is a value
// that may be copied, and is safe for concurrent use.
type Mask struct {
	all, none bool
	names     [][]string // the words of each name; nil: those of secrets
}

// MaskAll returns a Mask that hides every value that comes from the program.
func MaskAll() Mask { return Mask{all: true} }

// MaskNone returns a Mask that hides nothing.
func MaskNone() Mask { return Mask{none: true} }

// MaskNames returns a Mask that hides the values of these names instead of those
// of secrets. A name also stands for every name that contains its words in a row:
// "card_number" covers "customerCardNumber".
func MaskNames(names ...string) Mask {
	m := Mask{names: make([][]string, 0, len(names))}
	for _, name := range names {
		if words := slices.Collect(wordsOf(name)); len(words) > 0 {
			m.names = append(m.names, words)
		}
	}
	return m
}

// ParseMask parses "all", "none", "secrets" (the default), or a comma-separated
// list of names.
func ParseMask(text string) Mask {
	switch text = strings.TrimSpace(text); text {
	case "all":
		return MaskAll()
	case "none":
		return MaskNone()
	case "", "secrets":
		return Mask{}
	}
	return MaskNames(strings.Split(text, ",")...)
}

var secrets = [][]string{
	{"token"}, {"secret"}, {"password"}, {"passwd"}, {"pwd"}, {"signature"}, {"sig"}, {"session"},
	{"cookie"}, {"authorization"}, {"apikey"}, {"api", "key"}, {"access", "key"}, {"private", "key"},
}

// Hides reports whether the value under name is masked.
func (m *Mask) Hides(name string) bool {
	switch {
	case m.all:
		return true
	case m.none || m.names == nil && !suspicious(name):
		return false
	case m.names == nil:
		return anyInRow(secrets, name)
	}
	return anyInRow(m.names, name)
}

// suspicious is a quick test that is false for most harmless names: it looks for
// the first letters of the words of secrets, anywhere in the name.
func suspicious(name string) bool {
	last := uint32(0) // three letters
	for i := range len(name) {
		last = last<<8&0xffffff | uint32(name[i]|0x20)
		switch last {
		case 't'<<16 | 'o'<<8 | 'k', 'c'<<16 | 'o'<<8 | 'o', 's'<<16 | 'e'<<8 | 'c', 's'<<16 | 'e'<<8 | 's', 's'<<16 | 'i'<<8 | 'g',
			'p'<<16 | 'a'<<8 | 's', 'p'<<16 | 'w'<<8 | 'd', 'a'<<16 | 'u'<<8 | 't', 'k'<<16 | 'e'<<8 | 'y':
			return true
		}
	}
	return false
}

// anyInRow reports whether the words of name contain those of one of names in a
// row.
func anyInRow(names [][]string, name string) bool {
	var have [16]string
	words := have[:0]
	for w := range wordsOf(name) {
		words = append(words, w)
	}
	for _, want := range names {
		for i := 0; i+len(want) <= len(words); i++ {
			if slices.EqualFunc(want, words[i:i+len(want)], strings.EqualFold) {
				return true
			}
		}
	}
	return false
}

// wordsOf yields the words of a name.
func wordsOf(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start := 0
		for i := 0; i <= len(name); i++ {
			switch {
			case i == len(name) || !isLetter(name[i]):
				if start < i && !yield(name[start:i]) {
					return
				}
				start = i + 1
			case start < i && isUpper(name[i]) && (!isUpper(name[i-1]) || i+1 < len(name) && isLower(name[i+1])):
				// "accessToken", and "APIKey" before its K
				if !yield(name[start:i]) {
					return
				}
				start = i
			}
		}
	}
}

func isUpper(c byte) bool  { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool  { return c >= 'a' && c <= 'z' }
func isLetter(c byte) bool { return isUpper(c) || isLower(c) || c >= utf8.RuneSelf }

// inQueries reports whether a name stands for a secret in queries only.
func inQueries(name string) bool {
	return strings.EqualFold(name, "code") || strings.EqualFold(name, "state")
}

// Query returns the query of a URL with the values of hidden names masked. The
// rest of the text is unchanged.
func (m *Mask) Query(raw string) string {
	if m.none {
		return raw
	}
	var masked []byte // nil: nothing to mask so far
	done := 0
	for at := 0; at < len(raw); {
		name, end, escaped := parameter(raw, at)
		if end-name > len("=") && m.hidesParameter(raw[at:name], escaped) {
			masked = append(append(masked, raw[done:name+1]...), Masked...)
			done = end
		}
		at = end + 1
	}
	if masked == nil {
		return raw
	}
	return string(append(masked, raw[done:]...))
}

// parameter finds the parameter of a query that begins at at: where its name ends,
// where it ends itself, and whether there are escapes in its name.
func parameter(raw string, at int) (name, end int, escaped bool) {
	name = -1
	for end = at; end < len(raw); end++ {
		switch raw[end] {
		case '&', ';':
			if name < 0 {
				name = end
			}
			return name, end, escaped
		case '=':
			if name < 0 {
				name = end
			}
		case '%', '+':
			escaped = escaped || name < 0
		}
	}
	if name < 0 {
		name = end
	}
	return name, end, escaped
}

func (m *Mask) hidesParameter(key string, escaped bool) bool {
	if escaped {
		if name, err := url.QueryUnescape(key); err == nil {
			key = name
		}
	}
	return m.Hides(key) || m.names == nil && inQueries(key)
}

// URLs returns a text with the user, the password and the hidden query values of
// each URL in it masked.
func (m *Mask) URLs(text string) string {
	if strings.IndexByte(text, ':') < 0 { // the usual case, seen fastest this way
		return text
	}
	i := strings.Index(text, "://")
	if i < 0 || m.none {
		return text
	}
	var b strings.Builder
	for ; i >= 0; i = strings.Index(text, "://") {
		b.WriteString(text[:i+len("://")])
		text = text[i+len("://"):]
		end := strings.IndexAny(text, " \t\r\n\"'<>`")
		if end < 0 {
			end = len(text)
		}
		b.WriteString(m.afterScheme(text[:end]))
		text = text[end:]
	}
	b.WriteString(text)
	return b.String()
}

// afterScheme masks the rest of a URL.
func (m *Mask) afterScheme(rest string) string {
	rest, fragment, hasFragment := strings.Cut(rest, "#")
	rest, query, hasQuery := strings.Cut(rest, "?")
	authority, path, hasPath := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = Masked + authority[i:]
	}
	if rest = authority; hasPath {
		rest += "/" + path
	}
	if hasQuery {
		rest += "?" + m.Query(query)
	}
	if hasFragment {
		rest += "#" + m.Query(fragment) // where OAuth puts tokens
	}
	return rest
}
