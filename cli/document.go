package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/report/document"
)

// answerFlags choose the form of an answer that is neither a report nor a list.
type answerFlags struct {
	Format string `help:"How to print the answer: text, or json (Sonde's own document, see docs/json.md)." enum:"text,json" default:"text" placeholder:"NAME"`
}

func (f *answerFlags) json() bool { return f.Format == document.Output.Name }

// versioned is the head of every answer in JSON.
type versioned struct {
	Version int `json:"version"`
}

var thisVersion = versioned{document.Version}

// writeDocument writes an answer as JSON in ASCII, as all of Sonde's documents
// are: others wrote the texts in it, and it goes to a terminal.
func writeDocument(w io.Writer, answer any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(answer); err != nil {
		return err
	}
	_, err := w.Write(appendASCII(nil, b.String()))
	return err
}

// appendASCII appends JSON whose strings hold no other characters but ASCII
// afterwards. Ends of lines stand between its values only.
func appendASCII(b []byte, text string) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == '\n' || r >= ' ' && r <= '~' {
			b = append(b, byte(r))
		} else {
			b = jsontext.AppendEscaped(b, text[:size])
		}
		text = text[size:]
	}
	return b
}
