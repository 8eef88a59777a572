package jsontext

// simple writes a JSON value in the form of [Writer.Value] in one walk, and returns
// the index after it. It returns -1, having written something or nothing, if b[i] does
// not begin a value that is as simple as nearly all are: strings in ASCII without
// escapes, whole numbers, objects with few members that differ, little depth.
func (w *Writer) simple(b []byte, i, indent, depth int) int {
	if i >= len(b) || depth == 0 {
		return -1
	}
	switch c := b[i]; {
	case c == '{':
		return w.simpleObject(b, i, indent, depth)
	case c == '[':
		return w.simpleArray(b, i, indent, depth)
	case c == '"':
		return w.copied(b, i, skipPlain(b, i))
	case c == 't' || c == 'f' || c == 'n':
		return w.copied(b, i, skip(b, i, 1))
	case c >= '0' && c <= '9':
		return w.copied(b, i, simpleNumber(b, i))
	}
	return -1
}

// copied writes a value that ends before end.
func (w *Writer) copied(b []byte, i, end int) int {
	if end > 0 {
		w.buf = append(w.buf, b[i:end]...)
	}
	return end
}

func simpleNumber(b []byte, i int) int {
	end := skipNumber(b, i)
	for k := i; k < end; k++ {
		if b[k] < '0' || b[k] > '9' {
			return -1
		}
	}
	return end
}

func (w *Writer) simpleObject(b []byte, i, indent, depth int) int {
	var keys [8][]byte
	n := 0
	w.buf = append(w.buf, '{')
	if i = SkipSpace(b, i+1); i < len(b) && b[i] == '}' {
		w.buf = append(w.buf, '}')
		return i + 1
	}
	for {
		if i >= len(b) || b[i] != '"' || n == len(keys) {
			return -1
		}
		end := skipPlain(b, i)
		if end < 0 {
			return -1
		}
		key := b[i:end]
		for _, before := range keys[:n] {
			if string(before) == string(key) {
				return -1
			}
		}
		keys[n] = key
		n++
		w.simpleLine(indent + 2)
		w.buf = append(w.buf, key...)
		if i = SkipSpace(b, end); i >= len(b) || b[i] != ':' {
			return -1
		}
		w.colon()
		if i = w.simple(b, SkipSpace(b, i+1), indent+2, depth-1); i < 0 {
			return -1
		}
		var more bool
		if i, more = w.afterValue(b, i, indent, '}'); !more {
			return i
		}
	}
}

func (w *Writer) simpleArray(b []byte, i, indent, depth int) int {
	w.buf = append(w.buf, '[')
	if i = SkipSpace(b, i+1); i < len(b) && b[i] == ']' {
		w.buf = append(w.buf, ']')
		return i + 1
	}
	for {
		w.simpleLine(indent + 2)
		if i = w.simple(b, i, indent+2, depth-1); i < 0 {
			return -1
		}
		var more bool
		if i, more = w.afterValue(b, i, indent, ']'); !more {
			return i
		}
	}
}

// afterValue writes what follows a value of an object or array that ends with end, and
// returns the index behind it, or -1 if it is neither that nor a comma.
func (w *Writer) afterValue(b []byte, i, indent int, end byte) (next int, more bool) {
	if i = SkipSpace(b, i); i >= len(b) {
		return -1, false
	}
	switch b[i] {
	case end:
		w.simpleLine(indent)
		w.buf = append(w.buf, end)
		return i + 1, false
	case ',':
		w.buf = append(w.buf, ',')
		return SkipSpace(b, i+1), true
	}
	return -1, false
}

// simpleLine is Line that never flushes, since what is written may be taken back.
func (w *Writer) simpleLine(indent int) {
	if w.compact {
		return
	}
	if indent > w.max {
		indent = 0
	}
	w.buf = append(append(w.buf, '\n'), blanks[:indent]...)
}

// skipPlain returns the index after a string whose bytes stand for themselves, -1 for
// any other.
func skipPlain(b []byte, i int) int {
	for i++; i < len(b); {
		for i+8 <= len(b) && plainWord(load8(b, i)) {
			i += 8
		}
		if i >= len(b) {
			return -1
		}
		if special[b[i]] {
			if b[i] == '"' {
				return i + 1
			}
			return -1
		}
		i++
	}
	return -1
}
