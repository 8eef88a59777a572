// Package jsontext writes JSON the way OSProfiler's stores hold it: in ASCII,
// as Python's json.dumps does.
package jsontext

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

const hexDigits = "0123456789abcdef"

// plain says for each byte whether it stands for itself in a JSON string.
var plain = plainTable()

func plainTable() (t [256]bool) {
	for c := byte(0x20); c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}

// AppendString appends s as a JSON string in ASCII. What is not UTF-8 in s is
// written as U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	b = AppendEscaped(b, s)
	return append(b, '"')
}

// AppendQuoted appends JSON text as a JSON string in ASCII: JSON encoded twice.
func AppendQuoted(b, text []byte) []byte {
	return AppendString(b, unsafe.String(unsafe.SliceData(text), len(text)))
}

// AppendEscaped appends what stands between the quotes of a JSON string.
func AppendEscaped(b []byte, s string) []byte {
	done := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
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
