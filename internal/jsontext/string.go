// Package jsontext writes JSON the way OSProfiler's stores hold it: in ASCII,
// as Python's json.dumps does.
package jsontext

import (
	"slices"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

const hexDigits = "0123456789abcdef"

// special marks the bytes that do not stand for themselves in a JSON string in
// ASCII.
var special = specialTable()

func specialTable() (t [256]bool) {
	for c := range t {
		t[c] = c < 0x20 || c >= 0x7f || c == '"' || c == '\\'
	}
	return t
}

// AppendString appends s as a JSON string in ASCII. What is not UTF-8 in s is
// written as U+FFFD.
func AppendString(b []byte, s string) []byte {
	if !IsPlain(s) {
		b = append(b, '"')
		b = AppendEscaped(b, s)
		return append(b, '"')
	}
	n := len(b)
	b = slices.Grow(b, len(s)+2)[:n+len(s)+2]
	b[n], b[len(b)-1] = '"', '"'
	copy(b[n+1:], s)
	return b
}

// Escaped returns s as the text between the quotes of a JSON string: usually s itself.
func Escaped(s string) string {
	if IsPlain(s) {
		return s
	}
	return string(AppendEscaped(nil, s))
}

// AppendQuoted appends JSON text as a JSON string in ASCII: JSON encoded twice.
func AppendQuoted(b, text []byte) []byte {
	return AppendString(b, unsafe.String(unsafe.SliceData(text), len(text)))
}

// AppendEscaped appends s as the text between the quotes of a JSON string.
func AppendEscaped(b []byte, s string) []byte {
	if IsPlain(s) {
		return append(b, s...)
	}
	done := 0
	for i := 0; i < len(s); {
		if !special[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		b = appendRune(append(b, s[done:i]...), r)
		i += size
		done = i
	}
	return append(b, s[done:]...)
}

// IsPlain reports whether every byte of s stands for itself in a JSON string in ASCII.
// Most texts are plain, so it checks eight bytes at a time.
func IsPlain[T string | []byte](s T) bool {
	switch n := len(s); {
	case n >= 8:
	case n >= 4:
		return plainWord(load4(s, 0) | load4(s, n-4)<<32)
	default:
		for i := range n {
			if special[s[i]] {
				return false
			}
		}
		return true
	}
	for i := 0; i < len(s)-8; i += 8 {
		if !plainWord(load8(s, i)) {
			return false
		}
	}
	return plainWord(load8(s, len(s)-8))
}

func load4[T string | []byte](s T, at int) uint64 {
	_ = s[at+3]
	return uint64(s[at]) | uint64(s[at+1])<<8 | uint64(s[at+2])<<16 | uint64(s[at+3])<<24
}

func load8[T string | []byte](s T, at int) uint64 {
	_ = s[at+7]
	return uint64(s[at]) | uint64(s[at+1])<<8 | uint64(s[at+2])<<16 | uint64(s[at+3])<<24 |
		uint64(s[at+4])<<32 | uint64(s[at+5])<<40 | uint64(s[at+6])<<48 | uint64(s[at+7])<<56
}

// plainWord reports whether all eight bytes of w are plain: it finds a byte that
// is above 0x7e, below 0x20, a quote or a backslash by its highest bit.
func plainWord(w uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := w^ones*'"', w^ones*'\\'
	bad := w | (w + ones) | (w - ones*0x20) | (quote - ones) | (backslash - ones)
	return bad&high == 0
}

func appendRune(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	}
	if r > 0xffff {
		hi, lo := utf16.EncodeRune(r)
		return appendUnit(appendUnit(b, hi), lo)
	}
	return appendUnit(b, r)
}

func appendUnit(b []byte, u rune) []byte {
	return append(b, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}
