package jsontext

import (
	"io"
	"strconv"
	"strings"
)

// A line is indented by at most maxColumn blanks, and a line of a value by at most
// maxNested more than the value's first line. Deeper lines begin at the left, or
// deeply nested text would need its depth times its size in blanks. The limits
// correspond to a depth of 500 trace points, where OSProfiler gives up, and of 256
// arrays in a record.
const (
	maxColumn = 2000
	maxNested = 512
)

// writerSize is how much a Writer gathers.
const writerSize = 1 << 16

var blanks = strings.Repeat(" ", maxColumn)

// Writer writes JSON like Python's json.dumps with an indent. It buffers text and
// writes it in pieces, so that its memory does not grow with a value. After a failed
// write it writes nothing more.
type Writer struct {
	out io.Writer // nil: all is kept
	buf []byte
	err error
	max int // columns that a line is indented by

	compact bool // values on one line, as JSON that every reader takes

	repeated repeated // of the value that is written
}

// NewWriter returns a Writer to out. The caller must call Flush at the end.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out, max: maxColumn} }

// NewCompactWriter returns a Writer to out, or one that keeps all if out is nil, that adds
// writes, and writes values as JSON that every reader accepts: in ASCII, numbers
// unchanged, and NaN and the infinities, which Python writes, as strings.
func NewCompactWriter(out io.Writer) *Writer { return &Writer{out: out, compact: true} }

// Flush writes what was buffered and returns the error of the first write that
// failed.
func (w *Writer) Flush() error {
	if w.err == nil {
		_, w.err = w.out.Write(w.buf)
	}
	w.buf = w.buf[:0]
	return w.err
}

// Err returns the error of the first write that has failed so far.
func (w *Writer) Err() error { return w.err }

// Raw writes text unchanged.
func (w *Writer) Raw(s string) { w.buf = append(w.buf, s...) }

// Plain writes text unchanged, however long it is.
func (w *Writer) Plain(text []byte) { w.plain(text) }

// Take appends to b what was written to a Writer that keeps all, and forgets it.
func (w *Writer) Take(b []byte) []byte {
	b = append(b, w.buf...)
	w.buf = w.buf[:0]
	return b
}

// Line ends a line and indents the next one by the given number of blanks, within
// the limits; a compact Writer does neither.
func (w *Writer) Line(indent int) {
	if len(w.buf) >= writerSize && w.out != nil {
		_ = w.Flush() // kept in err
	}
	if w.compact {
		return
	}
	if indent > w.max {
		indent = 0
	}
	w.buf = append(append(w.buf, '\n'), blanks[:indent]...)
}

// Key begins the line of a member.
func (w *Writer) Key(indent int, name string) {
	w.Line(indent)
	w.String(name)
	w.colon()
}

func (w *Writer) colon() {
	if w.compact {
		w.Raw(":")
		return
	}
	w.Raw(": ")
}

// String writes a string in ASCII.
func (w *Writer) String(s string) { w.buf = AppendString(w.buf, s) }

// Integer writes a number.
func (w *Writer) Integer(n int64) { w.buf = strconv.AppendInt(w.buf, n, 10) }

// plain writes bytes as they are, of any number.
func (w *Writer) plain(b []byte) {
	for w.out != nil && len(w.buf)+len(b) > writerSize {
		room := max(0, writerSize-len(w.buf))
		w.buf = append(w.buf, b[:room]...)
		b = b[room:]
		_ = w.Flush() // kept in err
	}
	w.buf = append(w.buf, b...)
}
