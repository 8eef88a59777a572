package jsontext

import "unicode/utf8"

// AppendShallow appends the valid JSON text raw in ASCII, with "…" in the
// place of objects and arrays more than depth levels down.
func AppendShallow(b, raw []byte, depth int) []byte {
	level, inString := 0, false
	for i := 0; i < len(raw); {
		c := raw[i]
		if c >= utf8.RuneSelf || c == 0x7f { // only inside strings
			r, size := utf8.DecodeRune(raw[i:])
			if level <= depth {
				b = appendRune(b, r)
			}
			i += size
			continue
		}
		opens := !inString && (c == '{' || c == '[')
		closes := !inString && (c == '}' || c == ']')
		if opens {
			if level++; level == depth+1 {
				b = AppendString(b, "…")
			}
		}
		if level <= depth {
			b = append(b, c)
		}
		if closes {
			level--
		}
		if c == '"' {
			inString = !inString
		}
		if i++; c == '\\' && i < len(raw) { // the escaped character
			if level <= depth {
				b = append(b, raw[i])
			}
			i++
		}
	}
	return b
}
