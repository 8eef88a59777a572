package file

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// maxLine is the size of the longest line that is read whole. Of a longer one only
// the beginning is returned, which is not a valid record.
const maxLine = 16 << 20

// lines reads a file line by line, without their ends. Empty lines, and a last
// one that is cut off, are skipped.
type lines struct {
	in   *bufio.Reader
	long []byte // a line longer than in's buffer
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 64<<10)} }

// next returns a line that is valid until the next call, io.EOF at the end.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			line, err = l.rest(line)
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		cut := err == io.EOF
		line = bytes.TrimSpace(line)
		switch {
		case cut && (len(line) == 0 || !isJSON(line)):
			return nil, io.EOF
		case len(line) > 0:
			return line, nil
		}
	}
}

func isJSON(line []byte) bool { return jsontext.Skip(line, 0) == len(line) }

// rest reads on in a line that is longer than the buffer.
func (l *lines) rest(begin []byte) ([]byte, error) {
	l.long = append(l.long[:0], begin...)
	for {
		part, err := l.in.ReadSlice('\n')
		l.long = append(l.long, part[:min(len(part), maxLine-len(l.long))]...)
		if err != bufio.ErrBufferFull {
			return l.long, err
		}
	}
}

// mentioner returns a quick test of whether a line may be a record of a trace.
// An unreadable line that contains the id counts as one.
func mentioner(baseID string) func(line []byte) bool {
	plain := baseID != "" && !strings.ContainsFunc(baseID, func(r rune) bool {
		return r < ' ' || r >= utf8.RuneSelf || r == '"' || r == '\\' || r == '/'
	})
	if !plain { // may be written in many ways
		return func([]byte) bool { return true }
	}
	id := []byte(baseID)
	const name = len(`{"name": "`)
	last := 0 // where it was, from the end of the name: most lines are alike
	return func(line []byte) bool {
		end := name + bytes.IndexByte(line[min(name, len(line)):], '"')
		if at := end + last; end >= name && len(line)-at >= len(id) && string(line[at:at+len(id)]) == baseID {
			return true
		}
		at := bytes.Index(line, id)
		last = max(0, at-end)
		return at >= 0
	}
}
