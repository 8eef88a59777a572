package jsontext

import (
	"unicode/utf16"
	"unicode/utf8"
)

// AppendUnquoted appends what the JSON string s means, s being a whole string
// with its quotes that [Skip] has passed. Half a surrogate pair and what is
// not UTF-8 become U+FFFD.
func AppendUnquoted(b, s []byte) []byte {
	s = s[1 : len(s)-1]
	done := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf && s[i] != '\\' {
			i++
			continue
		}
		b = append(b, s[done:i]...)
		var r rune
		size := 2
		switch {
		case s[i] != '\\':
			r, size = utf8.DecodeRune(s[i:])
		case s[i+1] == 'u':
			r, size = unescapeUnit(s[i:])
		default:
			r = rune(unescape(s[i+1]))
		}
		b = utf8.AppendRune(b, r)
		i += size
		done = i
	}
	return append(b, s[done:]...)
}

// unescapeUnit reads the \u escape that s begins with, or two that make a
// surrogate pair, and returns its length too.
func unescapeUnit(s []byte) (r rune, size int) {
	r, _ = hex4(s, 2)
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low := rune(0)
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		low, _ = hex4(s, 8)
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return r, 6
	}
	return r, 12
}

// unescape is the byte that a backslash and c stand for.
func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// Text returns what a JSON string stands for; ok is false for any other value.
func Text(value []byte) (text string, ok bool) {
	if n := len(value); n < 2 || value[0] != '"' || value[n-1] != '"' {
		return "", false
	}
	return string(AppendUnquoted(nil, value)), true
}
