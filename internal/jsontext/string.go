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
	for {
		n := plainLen(s)
		b = append(b, s[:n]...)
		if n == len(s) {
			return b
		}
		r, size := utf8.DecodeRuneInString(s[n:])
		b = appendRune(b, r)
		s = s[n+size:]
	}
}

// plainLen is how many bytes at the beginning of s stand for themselves. Most
// texts are plain as a whole, so it looks at eight bytes at a time.
func plainLen(s string) int {
	n := 0
	for len(s)-n >= 8 {
		if !plainWord(load8(s, n)) {
			break
		}
		n += 8
	}
	for n < len(s) && plain[s[n]] {
		n++
	}
	return n
}

func load8(s string, at int) uint64 {
	_ = s[at+7]
	return uint64(s[at]) | uint64(s[at+1])<<8 | uint64(s[at+2])<<16 | uint64(s[at+3])<<24 |
		uint64(s[at+4])<<32 | uint64(s[at+5])<<40 | uint64(s[at+6])<<48 | uint64(s[at+7])<<56
}

// plainWord says whether all eight bytes of w are plain: it finds a byte that
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
