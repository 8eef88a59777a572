package cli

import (
	"io"
	"os"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// answerWriter writes a server's answer to standard output before a report. On
// a terminal, what would steer it becomes U+FFFD, but for the ends of lines
// and tabs; anything else gets the bytes as they are.
type answerWriter struct {
	w     io.Writer
	clean bool
	rest  []byte // the beginning of a character, or of a line's end
}

func newAnswerWriter(w io.Writer) *answerWriter {
	file, ok := w.(*os.File)
	return &answerWriter{w: w, clean: ok && term.IsTerminal(int(file.Fd()))}
}

func (a *answerWriter) Write(b []byte) (int, error) {
	if !a.clean {
		return a.w.Write(b)
	}
	text := append(a.rest, b...)
	a.rest = nil
	var out []byte
	for len(text) > 0 {
		if !utf8.FullRune(text) || len(text) == 1 && text[0] == '\r' {
			a.rest = append([]byte(nil), text...)
			break
		}
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		switch {
		case r == '\r' && len(text) > 0 && text[0] == '\n': // of a header's line
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			out = utf8.AppendRune(out, r)
		default:
			out = utf8.AppendRune(out, unicode.ReplacementChar)
		}
	}
	if _, err := a.w.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// close writes what could not be completed.
func (a *answerWriter) close() error {
	if len(a.rest) == 0 {
		return nil
	}
	_, err := io.WriteString(a.w, string(unicode.ReplacementChar))
	return err
}
