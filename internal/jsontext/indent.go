package jsontext

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendIndent appends a JSON value the way Python reads and writes it again
// with json.dumps(json.loads(value), indent=2): in ASCII, numbers in Python's
// form, of a repeated key the last value at the place of the first. Lines after
// the first are indented by prefix blanks and more. It returns nil if value is
// not JSON.
func AppendIndent(dst, value []byte, prefix int) []byte {
	value = bytes.TrimFunc(value, isBlank)
	if Skip(value, 0) != len(value) {
		return nil
	}
	return appendValue(dst, value, prefix)
}

func isBlank(r rune) bool { return r == ' ' || r == '\n' || r == '\r' || r == '\t' }

func appendValue(dst, value []byte, indent int) []byte {
	switch value[0] {
	case '{':
		return appendObject(dst, value, indent)
	case '[':
		return appendArray(dst, value, indent)
	case '"':
		return appendQuoted(dst, value)
	case 't', 'f', 'n', 'N', 'I':
		return append(dst, value...)
	}
	return appendNumber(dst, value)
}

// AppendLine appends a line's end and the blanks of the next line.
func AppendLine(dst []byte, indent int) []byte {
	dst = append(dst, '\n')
	for ; indent > len(blanks); indent -= len(blanks) {
		dst = append(dst, blanks...)
	}
	return append(dst, blanks[:indent]...)
}

const blanks = "                                                                "

func appendArray(dst, array []byte, indent int) []byte {
	dst = append(dst, '[')
	empty := true
	Elements(array, func(value []byte) bool {
		if !empty {
			dst = append(dst, ',')
		}
		empty = false
		dst = appendValue(AppendLine(dst, indent+2), value, indent+2)
		return true
	})
	if !empty {
		dst = AppendLine(dst, indent)
	}
	return append(dst, ']')
}

type member struct{ key, value []byte }

func appendObject(dst, object []byte, indent int) []byte {
	var few [8]member
	members := few[:0]
	Members(object, func(key, value []byte) bool {
		members = append(members, member{key, value})
		return true
	})
	if len(members) == 0 {
		return append(dst, "{}"...)
	}
	members = lastWins(members)
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(AppendLine(dst, indent+2), m.key)
		dst = appendValue(append(dst, ": "...), m.value, indent+2)
	}
	return append(AppendLine(dst, indent), '}')
}

// lastWins leaves one member of each key, at the place of the first and with
// the value of the last.
func lastWins(members []member) []member {
	if len(members) <= 8 && distinct(members) {
		return members
	}
	kept := members[:0]
	at := make(map[string]int, len(members))
	var key []byte
	for _, m := range members {
		key = appendQuoted(key[:0], m.key)
		if i, ok := at[string(key)]; ok {
			kept[i].value = m.value
			continue
		}
		at[string(key)] = len(kept)
		kept = append(kept, m)
	}
	return kept
}

// distinct reports whether a few keys surely differ.
func distinct(members []member) bool {
	for i, m := range members {
		for _, c := range m.key {
			if c == '\\' || c >= utf8.RuneSelf {
				return false
			}
		}
		for _, before := range members[:i] {
			if bytes.Equal(m.key, before.key) {
				return false
			}
		}
	}
	return true
}

// appendQuoted appends a JSON string, given with its quotes, with Python's
// choice of escapes. Lone surrogates stay.
func appendQuoted(dst, quoted []byte) []byte {
	dst = append(dst, '"')
	s := quoted[1 : len(quoted)-1]
	done := 0
	for i := 0; i < len(s); {
		if !special[s[i]] {
			i++
			continue
		}
		dst = append(dst, s[done:i]...)
		switch {
		case s[i] != '\\':
			r, size := utf8.DecodeRune(s[i:])
			dst = appendRune(dst, r)
			i += size
		case s[i+1] == 'u':
			u, _ := hex4(s, i+2)
			if u < utf8.RuneSelf && !special[u] {
				dst = append(dst, byte(u))
			} else {
				dst = appendRune(dst, u)
			}
			i += 6
		case s[i+1] == '/':
			dst = append(dst, '/')
			i += 2
		default:
			dst = append(dst, s[i:i+2]...)
			i += 2
		}
		done = i
	}
	return append(append(dst, s[done:]...), '"')
}

// appendNumber appends a number as Python writes it: an integer with all its
// digits, anything else as the shortest text of the float64.
func appendNumber(dst, number []byte) []byte {
	if !bytes.ContainsAny(number, ".eE") {
		if string(number) == "-0" {
			number = number[1:]
		}
		return append(dst, number...)
	}
	f, _ := strconv.ParseFloat(string(number), 64) // ±Inf when out of range
	return AppendFloat(dst, f)
}

// AppendFloat appends f as Python's repr writes it and json.dumps with it.
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case f != 0 && (math.Abs(f) < 1e-4 || math.Abs(f) >= 1e16):
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if bytes.IndexByte(dst[from:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}
