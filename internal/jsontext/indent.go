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
// the first are indented by prefix blanks and more, as far as [Writer.Line]
// does. It returns nil if value is not JSON.
func AppendIndent(dst, value []byte, prefix int) []byte {
	w := Writer{buf: dst, max: maxColumn}
	if !w.Value(value, prefix) {
		return nil
	}
	return w.buf
}

// Value writes a JSON value in the form of [AppendIndent], in time and memory
// that do not grow with its depth. It writes nothing and returns false if value
// is not JSON.
func (w *Writer) Value(value []byte, prefix int) bool {
	return w.value(value, prefix, min(maxColumn, prefix+maxNested))
}

// Document is Value for a whole document, which is indented as far as any line.
func (w *Writer) Document(value []byte) bool { return w.value(value, 0, maxColumn) }

func (w *Writer) value(value []byte, prefix, farthest int) bool {
	value = bytes.TrimFunc(value, isBlank)
	const mostSimple, simpleDepth = writerSize, 16 // longer and deeper values need care
	if len(value) <= mostSimple {
		before := len(w.buf)
		w.max = farthest
		end := w.simple(value, 0, prefix, simpleDepth)
		w.max = maxColumn
		if end == len(value) {
			return true
		}
		w.buf = w.buf[:before]
	}
	return w.anyValue(value, prefix, farthest)
}

// anyValue is value for what need not be simple.
func (w *Writer) anyValue(value []byte, prefix, farthest int) bool {
	if Skip(value, 0) != len(value) {
		return false
	}
	w.repeated.Cursor = NewCursor(value)
	clear(w.repeated.found)
	w.repeated.walk()
	i := indenter{Writer: w, from: NewCursor(value)}
	w.max = farthest
	i.value(prefix)
	w.max = maxColumn
	w.repeated.Cursor = Cursor{}
	return true
}

func isBlank(r rune) bool { return r == ' ' || r == '\n' || r == '\r' || r == '\t' }

type indenter struct {
	*Writer
	from Cursor
}

func (n *indenter) value(indent int) {
	switch n.from.Kind() {
	case '{':
		n.object(indent)
	case '[':
		n.array(indent)
	case '"':
		n.quoted(n.from.Value())
	case 't', 'f', 'n':
		n.plain(n.from.Value())
	case 'N', 'I':
		n.word(n.from.Value())
	default:
		n.number(n.from.Value())
	}
}

func (n *indenter) array(indent int) {
	empty := true
	n.Raw("[")
	for n.from.Open(); n.from.Next(); {
		if !empty {
			n.Raw(",")
		}
		empty = false
		n.Line(indent + 2)
		n.value(indent + 2)
	}
	if !empty {
		n.Line(indent)
	}
	n.Raw("]")
}

func (n *indenter) object(indent int) {
	empty := true
	n.Raw("{")
	for n.from.Open(); n.from.Next(); {
		repeat, again := n.repeated.found[n.from.at]
		if again && repeat.value == 0 {
			n.from.at = repeat.end
			continue
		}
		if !empty {
			n.Raw(",")
		}
		empty = false
		n.Line(indent + 2)
		n.quoted(n.from.Key())
		n.colon()
		if again {
			n.from.at = repeat.value
		}
		n.value(indent + 2)
		if again {
			n.from.at = repeat.end
		}
	}
	if !empty {
		n.Line(indent)
	}
	n.Raw("}")
}

// quoted writes a JSON string, given with its quotes, with Python's choice of
// escapes. Lone surrogates stay.
func (w *Writer) quoted(quoted []byte) {
	w.Raw(`"`)
	s := quoted[1 : len(quoted)-1]
	done := 0
	for i := 0; i < len(s); {
		if !special[s[i]] {
			i++
			continue
		}
		w.plain(s[done:i])
		switch {
		case s[i] != '\\':
			r, size := utf8.DecodeRune(s[i:])
			w.buf = appendRune(w.buf, r)
			i += size
		case s[i+1] == 'u':
			u, _ := hex4(s, i+2)
			if u < utf8.RuneSelf && !special[u] {
				w.buf = append(w.buf, byte(u))
			} else {
				w.buf = appendRune(w.buf, u)
			}
			i += 6
		case s[i+1] == '/':
			w.buf = append(w.buf, '/')
			i += 2
		default:
			w.buf = append(w.buf, s[i:i+2]...)
			i += 2
		}
		done = i
	}
	w.plain(s[done:])
	w.Raw(`"`)
}

// word writes NaN or an infinity.
func (w *Writer) word(word []byte) {
	if w.compact {
		w.String(string(word))
		return
	}
	w.plain(word)
}

// number writes a number as Python does: an integer with all its digits,
// anything else as the shortest text of the float64.
func (w *Writer) number(number []byte) {
	if number[len(number)-1] == 'y' { // -Infinity
		w.word(number)
		return
	}
	if w.compact {
		w.plain(number)
		return
	}
	if !bytes.ContainsAny(number, ".eE") {
		if string(number) == "-0" {
			number = number[1:]
		}
		w.plain(number)
		return
	}
	f, _ := strconv.ParseFloat(string(number), 64) // ±Inf when out of range
	w.buf = AppendFloat(w.buf, f)
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
